import type { ExitCode, ProgramStatus } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { runCli } from "../run.ts";

export interface CliRun {
  readonly code: ExitCode | ProgramStatus;
  readonly stdout: string;
  readonly stderr: string;
  /** Files it wrote. */
  readonly written: Readonly<Record<string, string>>;
}

export interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Answer to the one question asked; undefined: nobody can be asked. */
  readonly answer?: string;
  readonly isTty?: boolean;
  /** What is typed; standard input ends after it unless it is a terminal. */
  readonly keys?: AsyncIterable<Uint8Array>;
  /** Told when the keyboard is taken and given back. */
  readonly onKeyboard?: (isOpen: boolean) => void;
  readonly signal?: AbortSignal;
  /** Stands for programs of the machine; left out, none can be started. */
  readonly runProgram?: CliIo["runProgram"];
  /** Told of all of stdout so far, at every write. */
  readonly onStdout?: (text: string) => void;
}

async function* noKeys(): AsyncGenerator<Uint8Array> {}

/** Runs a command line with streams, environment and files of its own. */
export async function runFake(
  args: readonly string[],
  options: FakeIoOptions = {},
): Promise<CliRun> {
  let stdout = "";
  let stderr = "";
  const written: Record<string, string> = {};
  const { files = {}, isTty = false } = options;
  const io: CliIo = {
    stdout: {
      write: (text) => {
        stdout += text;
        options.onStdout?.(stdout);
      },
      isTty,
      columns: 80,
      drained: async () => undefined,
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
      isTty,
      columns: 80,
      drained: async () => undefined,
    },
    env: { LANG: "C.UTF-8", ...options.env },
    signal: options.signal ?? new AbortController().signal,
    canAsk: options.answer !== undefined,
    readText: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`no file ${path}`);
      return text;
    },
    writeText: async (path, text) => {
      written[path] = text;
    },
    openKeyboard: () => {
      options.onKeyboard?.(true);
      return {
        isTty,
        bytes: options.keys ?? noKeys(),
        close: () => options.onKeyboard?.(false),
      };
    },
    runProgram:
      options.runProgram ?? (([program]) => Promise.reject(new Error(`spawn ${program} ENOENT`))),
    ask: async () => options.answer ?? "",
  };
  const code = await runCli(args, io);
  return { code, stdout, stderr, written };
}
