import type { EswitchMode } from "../inventory/inventory.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { Argv } from "./argv.ts";

/*
 * Argument vectors of the datapath tools. They are part of the model because a plan shows them and an
 * executor runs them: one function for both is what makes a dry run exact.
 */

/** @see modprobe(8) */
export const modprobe = (module: string): Argv => ["modprobe", module];

/** @see devlink-dev(8) */
export const devlinkEswitchSet = (handle: string, mode: EswitchMode): Argv => [
  "devlink",
  "dev",
  "eswitch",
  "set",
  handle,
  "mode",
  mode,
];

/** @see vdpa-dev(8) */
export function vdpaDevAdd(options: {
  readonly name: string;
  readonly mgmtdev: string;
  readonly mac: string | undefined;
  readonly maxVqp: number | undefined;
}): Argv {
  const mac = options.mac === undefined ? [] : ["mac", options.mac];
  const maxVqp = options.maxVqp === undefined ? [] : ["max_vqp", String(options.maxVqp)];
  return [
    "vdpa",
    "dev",
    "add",
    "name",
    options.name,
    "mgmtdev",
    options.mgmtdev,
    ...mac,
    ...maxVqp,
  ];
}

/** @see vdpa-dev(8) */
export const vdpaDevDel = (name: string): Argv => ["vdpa", "dev", "del", name];

/** @see ip-link(8) */
export const ipLinkSet = (netdev: string, state: "up" | "down"): Argv => [
  "ip",
  "link",
  "set",
  "dev",
  netdev,
  state,
];

/** @see ip-address(8) */
export const ipAddressAdd = (netdev: string, cidr: string): Argv => [
  "ip",
  "addr",
  "add",
  cidr,
  "dev",
  netdev,
];
/** @see ip-address(8) */
export const ipAddressDel = (netdev: string, cidr: string): Argv => [
  "ip",
  "addr",
  "del",
  cidr,
  "dev",
  netdev,
];

/**
 * Sets the MAC of a VF through its PF; zeros clear it. Trust and spoof check stay as they are.
 *
 * @see ip-link(8)
 */
export const ipVfMacSet = (netdev: string, index: number, mac: string): Argv => [
  "ip",
  "link",
  "set",
  "dev",
  netdev,
  "vf",
  String(index),
  "mac",
  mac,
];

/** Folder of the marks on PFs in SR-IOV mode. On tmpfs: a reboot ends VFs and marks together. */
const PF_CLAIM_FOLDER = "/run/switchyard/pfs";

/** File that says that Switchyard made what is on the PF. */
export const pfClaimPath = (pf: PciAddress): string => `${PF_CLAIM_FOLDER}/${pf}`;
