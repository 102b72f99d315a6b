import { createLogger, type Environment } from "@switchyard/runtime";
import { loadConfig } from "./config.ts";
import { tryDataFolder } from "./data-folder-lock.ts";
import { exitOnBug, signalled } from "./process.ts";
import { openLinuxHost, restoreHost } from "./restore-host.ts";

/**
 * `agent restore`: makes again what the boot took away, then ends; for the unit that runs before VMs start.
 * Where the agent runs already it does so itself. Needs neither network nor enrolment.
 *
 * Returns the exit status: 0 when the host has its datapath or there was nothing to do, 1 when it is
 * without, 2 when told to stop before the end.
 */
export async function runRestoreProcess(environment: Environment): Promise<number> {
  const config = await loadConfig(environment);
  const log = createLogger({ name: "switchyard-restore", level: config.logLevel }).child({
    host: config.host,
  });
  exitOnBug(log);
  const stopping = signalled();
  try {
    const lock = await tryDataFolder(config.dataFolder);
    if (lock === undefined) {
      log.info({}, "the agent runs and looks after the host itself");
      return 0;
    }
    const report = await restoreHost(openLinuxHost(config, log), config, { log, stopping });
    if (stopping.aborted) return 2;
    return report?.state === "refused" || report?.state === "failed" ? 1 : 0;
  } catch (error) {
    log.error({ err: error }, "the host could not be restored");
    return 1;
  }
}
