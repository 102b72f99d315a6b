import type { SwitchyardClient } from "@switchyard/client";
import type { CliIo } from "./io.ts";
import { createStyle, type Style, wantsColor, wantsUnicode } from "./output/style.ts";
import type { Settings } from "./settings.ts";
import { type CommandTrace, openTrace } from "./trace.ts";
import { UsageError } from "./usage-error.ts";

/** What a verb works with. */
export interface Context {
  readonly io: CliIo;
  readonly settings: Settings;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly talkStyle: Style;
  /** Writes data. */
  out(text: string): void;
  /** Writes talk, one line. */
  talk(line: string): void;
  /** The client; connects with its first call, and is closed when the command ends. */
  client(): Promise<SwitchyardClient>;
  /** Closes the client and ends the command's trace. */
  close(exitCode: number): Promise<void>;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$/;
const ADDRESS = /^.+:\d{1,5}$/;

/** Plain text goes to loopback only, and only while no CA was named: anything else is TLS. */
async function openClient(
  { io, settings }: Pick<Context, "io" | "settings">,
  trace: CommandTrace | undefined,
) {
  const { address, caFile, tokenFile, timeoutMs } = settings;
  if (!ADDRESS.test(address)) {
    throw new UsageError(`"${address}" is no address; write it as HOST:PORT`);
  }
  const ca = caFile === undefined ? undefined : await readNamedFile(io, caFile, "--ca-file");
  const token =
    tokenFile === undefined ? undefined : await readNamedFile(io, tokenFile, "--token-file");
  const isPlain = ca === undefined && LOOPBACK.test(address);
  const { createClient } = await import("@switchyard/client");
  return createClient({
    address,
    security: isPlain ? { kind: "insecure" } : { kind: "tls", caCertificatePem: ca },
    ...(token !== undefined && { token: token.trim() }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(trace !== undefined && { trace: trace.call }),
  });
}

/** @throws UsageError naming the option the file was given with */
export async function readNamedFile(io: CliIo, path: string, option: string): Promise<string> {
  try {
    return await io.readText(path);
  } catch (error) {
    throw new UsageError(`can't read ${path}, given with ${option}`, [String(error)]);
  }
}

/** @param name the command without its arguments, such as `swy vm create` */
export function createContext(io: CliIo, settings: Settings, name = "swy"): Context {
  const styleFor = (isTty: boolean): Style =>
    createStyle({
      isColored: wantsColor(settings.color, { env: io.env, isTty }),
      isUnicode: wantsUnicode(io.env),
    });
  let opened: Promise<SwitchyardClient> | undefined;
  let trace: CommandTrace | undefined;
  const open = async () => {
    trace = await openTrace(name, io.env);
    return openClient({ io, settings }, trace);
  };
  return {
    io,
    settings,
    style: styleFor(io.stdout.isTty),
    talkStyle: styleFor(io.stderr.isTty),
    out: (text) => io.stdout.write(text),
    talk: (line) => io.stderr.write(`${line}\n`),
    client: () => {
      opened ??= open();
      return opened;
    },
    close: async (exitCode) => {
      // What went wrong was reported when the verb asked for the client.
      const client = await opened?.catch(() => undefined);
      client?.close();
      await trace?.end(exitCode);
    },
  };
}
