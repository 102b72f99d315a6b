import type { Argv } from "@switchyard/model";

/** @see devlink-dev(8) */
export const devlinkEswitchShow = (handle: string): Argv => [
  "devlink",
  "-j",
  "dev",
  "eswitch",
  "show",
  handle,
];
/** @see devlink-port(8) */
export const devlinkPortShow = (): Argv => ["devlink", "-j", "port", "show"];
/** @see devlink-dev(8) */
export const devlinkInfo = (handle: string): Argv => ["devlink", "-j", "dev", "info", handle];
/** Reporters of all devices and ports. @see devlink-health(8) */
export const devlinkHealthShow = (): Argv => ["devlink", "-j", "health", "show"];
/** What one reporter of a device sees now. @see devlink-health(8) */
export const devlinkHealthDiagnose = (handle: string, reporter: string): Argv => [
  "devlink",
  ...["-j", "health", "diagnose", handle, "reporter", reporter],
];
