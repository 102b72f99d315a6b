import type { Argv } from "@switchyard/model";

/** @see tc(8) */
export const tcQdiscShow = (netdev: string): Argv => ["tc", "-j", "qdisc", "show", "dev", netdev];
/** @see tc-flower(8) */
export const tcFilterShow = (netdev: string): Argv => [
  "tc",
  "-s",
  "-j",
  "filter",
  "show",
  "dev",
  netdev,
  "ingress",
];
