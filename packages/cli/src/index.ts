export { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
export type { CliIo, Sink } from "./io.ts";
export { runCli } from "./run.ts";
