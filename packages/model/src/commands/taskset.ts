import type { Argv } from "./argv.ts";

/** CPUs a thread may run on, as `0-3,8`. @see taskset(1), --pid --cpu-list */
export const tasksetShow = (thread: number | string): Argv => ["taskset", "-pc", String(thread)];

/** @param cpus list such as `3` or `0-3,8` */
export const tasksetSet = (thread: number | string, cpus: string): Argv => [
  "taskset",
  "-pc",
  cpus,
  String(thread),
];
