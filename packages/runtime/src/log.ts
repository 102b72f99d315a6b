import { pino } from "pino";

/** From the most to the least that is said. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Structured log lines; `child` adds fields to every line of a part. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Whether `left` says more than `right`. */
export const saysMore = (left: LogLevel, right: LogLevel): boolean => RANKS[left] < RANKS[right];

/** Fields whose values never reach the log, wherever they stand one or two levels deep. */
const SECRET_FIELDS = ["token", "seed", "password", "privateKey"];

/** A logger whose level can be changed while it is used, that of all its children with it. */
export interface LevelledLogger extends Logger {
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
}

/** JSON lines on stderr, so that stdout stays data; or at the end of a file, whose folder is made. */
export function createLogger(options: {
  readonly name: string;
  readonly level?: LogLevel;
  readonly file?: string;
}): LevelledLogger {
  const lines = pino(
    {
      name: options.name,
      level: "debug",
      redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
    },
    pino.destination({ dest: options.file ?? 2, sync: false, mkdir: true }),
  );
  let level = options.level ?? "info";
  return {
    ...leveled(lines, () => level),
    get level() {
      return level;
    },
    setLevel: (wanted) => {
      level = wanted;
    },
  };
}

/** Children of pino keep the level that they were made with; these ask at each line. */
function leveled(lines: Logger, levelNow: () => LogLevel): Logger {
  const at =
    (level: LogLevel): Logger["info"] =>
    (fields, message) => {
      if (!saysMore(level, levelNow())) lines[level](fields, message);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => leveled(lines.child(fields), levelNow),
  };
}

/** Drops everything; for tests and benchmarks. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
