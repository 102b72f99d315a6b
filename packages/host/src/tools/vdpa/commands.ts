import type { Argv } from "@switchyard/model";

/** @see vdpa-mgmtdev(8) */
export const vdpaMgmtdevShow = (): Argv => ["vdpa", "-j", "mgmtdev", "show"];
/** @see vdpa-dev(8) */
export const vdpaDevShow = (): Argv => ["vdpa", "-j", "dev", "show"];
/** Of one device, or of all. @see vdpa-dev(8) */
export const vdpaDevConfigShow = (name?: string): Argv => [
  "vdpa",
  "-j",
  "dev",
  "config",
  "show",
  ...(name === undefined ? [] : [name]),
];
/** Counters of one queue. @see vdpa-dev(8) */
export const vdpaVstatsShow = (name: string, queue: number): Argv => [
  "vdpa",
  ...["-j", "dev", "vstats", "show"],
  ...[name, "qidx", String(queue)],
];
