import type { Logger } from "@switchyard/runtime";

/** Crash-only: what nobody handled ends the process, and the ledger knows how to go on. */
export function exitOnBug(log: Logger): void {
  const exit = (error: unknown) => {
    log.error({ err: error }, "an error that nobody handled");
    process.exit(1);
  };
  process.on("unhandledRejection", exit);
  process.on("uncaughtException", exit);
}

/** Aborted by SIGTERM or SIGINT. */
export function signalled(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => controller.abort());
  }
  return controller.signal;
}
