import { type Argv, type QemuSource, qemuBuildCommands, qemuBuildFolders } from "@switchyard/model";
import type { Host } from "../../port/host.ts";

/** Unpacking and configuring take a minute, compiling 5 to 30 on a server. */
const STAGE_TIMEOUT_MS = 90 * 60_000;
/** Bytes kept of what one stage said: its end. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** What one command of a build came to. */
export interface BuildStage {
  readonly argv: Argv;
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Builds QEMU from its source archive and installs it below a folder of the version's own. Ends at
 * the first stage that fails; that is the last of the stages returned, and nothing is thrown for
 * it, because what every stage said is to be kept.
 *
 * @throws CommandError COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export async function buildQemu(
  host: Host,
  options: QemuSource,
  signal: AbortSignal,
): Promise<readonly BuildStage[]> {
  const { folder, source, build } = qemuBuildFolders(options.version);
  await host.remove(folder);
  await host.makeFolder(source);
  await host.makeFolder(build);
  const stages: BuildStage[] = [];
  for (const argv of qemuBuildCommands(options)) {
    const { exitCode, stdout, stderr } = await host.run({
      argv,
      timeoutMs: STAGE_TIMEOUT_MS,
      maxOutputBytes: OUTPUT_BYTES_MAX,
      signal,
    });
    stages.push({ argv, exitCode, output: `${stdout}${stderr}` });
    if (exitCode !== 0) return stages;
  }
  await host.remove(folder);
  return stages;
}
