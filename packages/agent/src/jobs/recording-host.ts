import { createHash } from "node:crypto";
import { type Command, type CommandResult, type Host, HostFileError } from "@switchyard/host";
import type { CommandRecord } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/** Bytes of stderr kept in the audit. */
const STDERR_TAIL_MAX = 2048;

/**
 * A host that tells of every program run and every file written through it. A write appears as
 * `write PATH TEXT`; its exit code is 0 or 1.
 */
export function createRecordingHost(
  host: Host,
  clock: Clock,
  onCommand: (record: CommandRecord) => void,
): Host {
  const recordWrite = async (argv: readonly string[], write: () => Promise<void>) => {
    const startedMs = clock.monotonicMs();
    const record = (exitCode: number | undefined, stderrTail: string) =>
      onCommand({
        argv,
        exitCode,
        durationMs: clock.monotonicMs() - startedMs,
        outputDigest: digest(""),
        stderrTail,
      });
    try {
      await write();
      record(0, "");
    } catch (error) {
      if (error instanceof HostFileError) record(1, error.errno);
      else record(undefined, "");
      throw error;
    }
  };
  return {
    kind: host.kind,
    run: (command) => recordRun({ host, clock, onCommand }, command),
    writeFile: (path, text, timeoutMs) =>
      recordWrite(["write", path, text], () => host.writeFile(path, text, timeoutMs)),
    replaceFile: (path, text) =>
      recordWrite(["replace", path, text], () => host.replaceFile(path, text)),
    remove: (path) => recordWrite(["remove", path], () => host.remove(path)),
    // Thousands for one file: whoever writes it says once what came of it.
    writeRange: (path, offset, bytes) => host.writeRange(path, offset, bytes),
    readRange: (path, offset, length) => host.readRange(path, offset, length),
    readFile: (path) => host.readFile(path),
    listFolder: (path) => host.listFolder(path),
    readLink: (path) => host.readLink(path),
    exists: (path) => host.exists(path),
    makeFolder: (path) => host.makeFolder(path),
    connectSocket: (path) => host.connectSocket(path),
    connectByteSocket: (path) => host.connectByteSocket(path),
    reboot: (reason) => recordWrite(["reboot", reason], () => host.reboot(reason)),
  };
}

async function recordRun(
  parts: {
    readonly host: Host;
    readonly clock: Clock;
    readonly onCommand: (record: CommandRecord) => void;
  },
  command: Command,
): Promise<CommandResult> {
  const startedMs = parts.clock.monotonicMs();
  try {
    const result = await parts.host.run(command);
    const { exitCode, stdout, stderr, durationMs } = result;
    const stderrTail = exitCode === 0 ? "" : stderr.slice(-STDERR_TAIL_MAX);
    const outputDigest = digest(stdout + stderr);
    parts.onCommand({ argv: command.argv, exitCode, durationMs, outputDigest, stderrTail });
    return result;
  } catch (error) {
    parts.onCommand({
      argv: command.argv,
      exitCode: undefined,
      durationMs: parts.clock.monotonicMs() - startedMs,
      outputDigest: digest(""),
      stderrTail: "",
    });
    throw error;
  }
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
