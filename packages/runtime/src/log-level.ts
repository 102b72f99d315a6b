import type { Service } from "./lifecycle.ts";
import { type LevelledLogger, type LogLevel, saysMore } from "./log.ts";

/** Where signals come from: this process. */
type Signals = Pick<NodeJS.Process, "on" | "off">;

/**
 * Reads the log level again with every SIGHUP, which without this ends a process. One that can't be read, or is none, is told
 * and changes nothing.
 *
 * @param read the level as the configuration has it now
 */
export function followLogLevel(
  log: LevelledLogger,
  read: () => Promise<LogLevel>,
  signals: Signals = process,
): Service {
  let last = Promise.resolve();
  const follow = async () => {
    try {
      change(log, await read());
    } catch (error) {
      log.error({ err: error }, "the log level stays as it is");
    }
  };
  const onHangup = () => {
    last = last.then(follow);
  };
  signals.on("SIGHUP", onHangup);
  return {
    stop: async () => {
      signals.off("SIGHUP", onHangup);
      await last;
    },
  };
}

/** Said at whichever of the two levels says more, so that the log shows where it changes. */
function change(log: LevelledLogger, level: LogLevel): void {
  const from = log.level;
  if (saysMore(level, from)) log.setLevel(level);
  log.info({ from, to: level }, "the log level was read again");
  log.setLevel(level);
}
