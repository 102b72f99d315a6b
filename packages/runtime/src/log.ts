import { pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Structured log lines; `child` adds fields to every line of a part. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Fields whose values never reach the log, wherever they stand one or two levels deep. */
const SECRET_FIELDS = ["token", "seed", "password", "privateKey"];

/** JSON lines on stderr, so that stdout stays data; or at the end of a file, whose folder is made. */
export function createLogger(options: {
  readonly name: string;
  readonly level?: LogLevel;
  readonly file?: string;
}): Logger {
  return pino(
    {
      name: options.name,
      level: options.level ?? "info",
      redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
    },
    pino.destination({ dest: options.file ?? 2, sync: false, mkdir: true }),
  );
}

/** Drops everything; for tests and benchmarks. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
