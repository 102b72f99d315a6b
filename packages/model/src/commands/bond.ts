import type { BondMode } from "../desired/host-profile.ts";
import type { Argv } from "./argv.ts";
import { OWNER_KEY, OWNER_VALUE } from "./ovs.ts";

/** How often the bond looks at the carriers of its ports, ms; 0, the kernel's default, would never. */
const MIIMON_MS = 100;

/** Alias of bonds that Switchyard made; others are never deleted. */
export const OWN_BOND_ALIAS = `${OWNER_KEY}=${OWNER_VALUE}`;

/** @see ip-link(8), type bond */
export const ipBondAdd = (bond: string, mode: BondMode): Argv => [
  "ip",
  "link",
  "add",
  "name",
  bond,
  "type",
  "bond",
  "mode",
  mode,
  "miimon",
  String(MIIMON_MS),
];

/** @see ip-link(8) */
export const ipLinkDel = (netdev: string): Argv => ["ip", "link", "del", "dev", netdev];

/** @see ip-link(8) */
export const ipLinkAlias = (netdev: string, alias: string): Argv => [
  "ip",
  "link",
  "set",
  "dev",
  netdev,
  "alias",
  alias,
];

/** Joins a netdev, which must be down, with a bond. @see ip-link(8) */
export const ipLinkMaster = (netdev: string, master: string): Argv => [
  "ip",
  "link",
  "set",
  "dev",
  netdev,
  "master",
  master,
];

/** @see ip-link(8) */
export const ipLinkNoMaster = (netdev: string): Argv => [
  "ip",
  "link",
  "set",
  "dev",
  netdev,
  "nomaster",
];
