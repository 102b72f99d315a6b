import { type Act, note } from "./act.ts";
import type { Machine } from "./machine.ts";
import { findPf, logKernel } from "./machine.ts";
import { createNetdev, hasCarrier, type Netdev, portsOfBond, requireNetdev } from "./netdev.ts";
import { Refusal } from "./refusal.ts";

/*
 * Bonds, and what mlx5 makes of them. Source: torvalds/linux drivers/net/bonding/bond_main.c,
 * drivers/net/ethernet/mellanox/mlx5/core/lag/lag.c
 */

export const BOND_MODES: readonly string[] = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
];

/** VFs on a port beyond which the NIC carries no LAG. */
const LAG_VFS_MAX = 64;

/** @throws Refusal EEXIST */
export function addBond(act: Act, name: string, mode: string): void {
  if (act.machine.boot.netdevs.has(name)) throw new Refusal("EEXIST");
  const bond = createNetdev(act.machine, {
    name,
    kind: "bond",
    pciAddress: undefined,
    vfIndex: undefined,
  });
  bond.bondMode = mode;
  note(act, `bond ${name}`, { before: "absent", after: mode });
}

function release(act: Act, port: Netdev): void {
  note(act, `bond-port ${port.name}`, { before: port.master ?? "none", after: "none" });
  port.master = undefined;
  port.isUp = false;
}

/** @throws Refusal ENODEV, EOPNOTSUPP for what is no bond */
export function deleteBond(act: Act, name: string): void {
  const bond = requireNetdev(act.machine, name);
  if (bond.kind !== "bond") throw new Refusal("EOPNOTSUPP");
  for (const port of portsOfBond(act.machine, name)) release(act, port);
  act.machine.boot.netdevs.delete(name);
  note(act, `bond ${name}`, { before: bond.bondMode ?? "", after: "absent" });
}

const vfCountOf = (machine: Machine, { pciAddress }: Netdev): number =>
  findPf(machine, pciAddress ?? "")?.vfs.length ?? 0;

/**
 * `ip link set … master BOND`.
 *
 * @returns what the kernel warns of, if it does
 * @throws Refusal ENODEV, EPERM (the port is up), EBUSY (in another bond)
 */
export function joinBond(act: Act, name: string, master: string): string | undefined {
  const { machine } = act;
  const port = requireNetdev(machine, name);
  const bond = requireNetdev(machine, master);
  if (bond.kind !== "bond") throw new Refusal("EOPNOTSUPP");
  if (port.master !== undefined) throw new Refusal("EBUSY");
  if (port.isUp) throw new Refusal("EPERM", "Device can not be enslaved while up");
  port.master = master;
  port.isUp = true;
  note(act, `bond-port ${name}`, { before: "none", after: master });
  if (isLagActive(machine, master)) logKernel(machine, "mlx5_core: lag map: port 1:1 port 2:2");
  return vfCountOf(machine, port) > LAG_VFS_MAX
    ? "mlx5_core: Can't activate LAG offload, PF is configured with more than 64 VFs"
    : undefined;
}

/** `ip link set … nomaster`. */
export function leaveBond(act: Act, name: string): void {
  const port = requireNetdev(act.machine, name);
  if (port.master !== undefined) release(act, port);
}

/** VF-LAG: both ports of the card in one bond, in one mode, with no more VFs than it can do. */
export function isLagActive(machine: Machine, bond: string): boolean {
  const ports = portsOfBond(machine, bond).filter(({ kind }) => kind === "uplink");
  const modes = new Set(ports.map(({ pciAddress }) => findPf(machine, pciAddress ?? "")?.mode));
  const isSmall = ports.every((port) => vfCountOf(machine, port) <= LAG_VFS_MAX);
  return ports.length === machine.spec.card.ports.length && modes.size === 1 && isSmall;
}

/** The port that carries a frame: the first with carrier, or one of those by the addresses' hash. */
export function outPortOf(
  machine: Machine,
  bond: Netdev,
  macs: { readonly source: string; readonly destination: string },
): Netdev | undefined {
  const working = portsOfBond(machine, bond.name).filter((port) => hasCarrier(machine, port));
  if (bond.bondMode === "active-backup") return working[0];
  const lastOctet = (mac: string) => Number.parseInt(mac.slice(-2), 16);
  const hash = lastOctet(macs.source) ^ lastOctet(macs.destination);
  return working[hash % Math.max(1, working.length)];
}

/** Whether the bond takes what comes in by the port: only active-backup drops what the backup hears. */
export const takesFrom = (machine: Machine, bond: Netdev, port: Netdev): boolean =>
  bond.bondMode !== "active-backup" ||
  portsOfBond(machine, bond.name).find((each) => hasCarrier(machine, each)) === port;
