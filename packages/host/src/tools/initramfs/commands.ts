import type { Argv } from "@switchyard/model";

/** Name and time of the last change in seconds, a line for each file that is there. @see stat(1) */
export const modificationTimes = (paths: readonly string[]): Argv => [
  "stat",
  "-L",
  "-c",
  "%n %.9Y",
  ...paths,
];
