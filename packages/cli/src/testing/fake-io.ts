import type { ExitCode } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { runCli } from "../run.ts";

export interface CliRun {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Answer to the one question asked; undefined: nobody can be asked. */
  readonly answer?: string;
  readonly isTty?: boolean;
  readonly signal?: AbortSignal;
  /** Told of all of stdout so far, at every write. */
  readonly onStdout?: (text: string) => void;
}

/** Runs a command line with streams, environment and files of its own. */
export async function runFake(
  args: readonly string[],
  options: FakeIoOptions = {},
): Promise<CliRun> {
  let stdout = "";
  let stderr = "";
  const { files = {}, isTty = false } = options;
  const io: CliIo = {
    stdout: {
      write: (text) => {
        stdout += text;
        options.onStdout?.(stdout);
      },
      isTty,
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
      isTty,
    },
    env: { LANG: "C.UTF-8", ...options.env },
    signal: options.signal ?? new AbortController().signal,
    canAsk: options.answer !== undefined,
    readText: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`no file ${path}`);
      return text;
    },
    ask: async () => options.answer ?? "",
  };
  const code = await runCli(args, io);
  return { code, stdout, stderr };
}
