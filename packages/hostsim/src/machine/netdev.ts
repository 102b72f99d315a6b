import type { PciAddress } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import type { Machine } from "./machine.ts";
import { findPf, findVf } from "./machine.ts";
import { Refusal } from "./refusal.ts";

export interface Counters {
  rxBytes: number;
  rxPackets: number;
  txBytes: number;
  txPackets: number;
}

export type NetdevKind =
  | "loopback"
  | "port"
  | "uplink"
  | "vf"
  | "representor"
  | "internal"
  | "bond"
  | "datapath";

export interface Netdev {
  readonly name: string;
  readonly ifindex: number;
  readonly kind: NetdevKind;
  /** The PCI function it hangs off; for a representor that is the PF. */
  readonly pciAddress: PciAddress | undefined;
  /** VF index of a VF's netdev or representor. */
  readonly vfIndex: number | undefined;
  readonly mac: string;
  isUp: boolean;
  mtu: number;
  addresses: readonly string[];
  /** `ethtool -K … hw-tc-offload`. */
  hasTcOffload: boolean;
  /** Open vSwitch hangs offload rules on it; other tools may take it away. */
  hasIngressQdisc: boolean;
  /** Bond that it is a port of. */
  master: string | undefined;
  /** Mode of a bond. */
  bondMode: string | undefined;
  /** `ip link set … alias`. */
  alias: string | undefined;
  /** Times a cable was pulled out of it. */
  linkDownCount: number;
  /** What the CPU handled at the netdev; for an uplink in switchdev mode, the wire's totals. */
  readonly counters: Counters;
  /** What the hardware counted for the function behind it, as the function's side sees it. */
  readonly vport: Counters;
  /** Of an uplink: what the e-switch counted at the PF's own port, which is what the host's CPU handled. */
  readonly own: Counters;
}

/**
 * What the kernel tells of a netdev: for a VF's representor what the hardware counted, not what the CPU handled.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_rep.c, mlx5e_rep_get_stats
 */
export const shownCounters = ({ kind, counters, vport }: Netdev): Counters =>
  kind === "representor" ? vport : counters;

export const zeroCounters = (): Counters => ({
  rxBytes: 0,
  rxPackets: 0,
  txBytes: 0,
  txPackets: 0,
});

/** Six octets of the machine's own range; `salt` tells its netdevs apart. */
export function machineMac(machine: Machine, salt: number): string {
  const digits = machine.spec.hardwareId.slice(-6);
  const octets = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)];
  const last = salt.toString(16).padStart(4, "0");
  return ["06", octets[0], octets[1], octets[2], last.slice(0, 2), last.slice(2)].join(":");
}

/** Makes a netdev as the kernel does: down, without addresses. */
export function createNetdev(
  machine: Machine,
  options: Pick<Netdev, "name" | "kind" | "pciAddress" | "vfIndex"> & { readonly mac?: string },
): Netdev {
  const ifindex = machine.boot.nextIfindex;
  machine.boot.nextIfindex += 1;
  const netdev: Netdev = {
    ...options,
    mac: options.mac ?? machineMac(machine, ifindex),
    ifindex,
    isUp: false,
    mtu: 1500,
    addresses: [],
    hasTcOffload: true,
    hasIngressQdisc: true,
    master: undefined,
    bondMode: undefined,
    alias: undefined,
    linkDownCount: 0,
    counters: zeroCounters(),
    vport: zeroCounters(),
    own: zeroCounters(),
  };
  machine.boot.netdevs.set(netdev.name, netdev);
  return netdev;
}

/** Lowest `ethN` that no netdev has. */
export function freeEthName(machine: Machine): string {
  let number = 0;
  while (machine.boot.netdevs.has(`eth${number}`)) number += 1;
  return `eth${number}`;
}

export const netdevsOf = (machine: Machine, kind: NetdevKind): readonly Netdev[] =>
  [...machine.boot.netdevs.values()].filter((netdev) => netdev.kind === kind);

export function findRepresentor(
  machine: Machine,
  vf: { readonly pf: PciAddress; readonly index: number },
): Netdev | undefined {
  return netdevsOf(machine, "representor").find(
    (netdev) => netdev.pciAddress === vf.pf && netdev.vfIndex === vf.index,
  );
}

export const portsOfBond = (machine: Machine, bond: string): readonly Netdev[] =>
  [...machine.boot.netdevs.values()].filter(({ master }) => master === bond);

/** LOWER_UP: the cable of a port, or, for a VF, its representor (switchdev) or its PF (legacy). */
export function hasCarrier(machine: Machine, netdev: Netdev): boolean {
  if (!netdev.isUp) return false;
  switch (netdev.kind) {
    case "uplink":
      return machine.cables.has(netdev.pciAddress as PciAddress);
    case "bond":
      return portsOfBond(machine, netdev.name).some((port) => hasCarrier(machine, port));
    case "port":
      return netdev.name === machine.spec.management.netdev;
    case "vf":
      return isVfLinkUp(machine, netdev.pciAddress as PciAddress);
    default:
      return true;
  }
}

/** mlx5 holds a VF's link down until its representor is up. */
export function isVfLinkUp(machine: Machine, address: PciAddress): boolean {
  const vf = findVf(machine, address);
  if (vf === undefined) return false;
  const pf = findPf(machine, vf.pf);
  if (pf?.mode === "legacy") return machine.boot.netdevs.get(pf.netdev)?.isUp ?? false;
  return findRepresentor(machine, vf)?.isUp ?? false;
}

export const operstate = (machine: Machine, netdev: Netdev): string => {
  if (netdev.kind === "loopback" || netdev.kind === "internal") {
    return netdev.isUp ? "UNKNOWN" : "DOWN";
  }
  return hasCarrier(machine, netdev) ? "UP" : "DOWN";
};

/** @throws Refusal ENODEV */
export function requireNetdev(machine: Machine, name: string): Netdev {
  const netdev = machine.boot.netdevs.get(name);
  if (netdev === undefined) throw new Refusal("ENODEV");
  return netdev;
}

export function setLinkState(act: Act, name: string, isUp: boolean): void {
  const netdev = requireNetdev(act.machine, name);
  const words = (value: boolean) => (value ? "up" : "down");
  note(act, `link ${name}`, { before: words(netdev.isUp), after: words(isUp) });
  netdev.isUp = isUp;
}

export function setAlias(act: Act, name: string, alias: string): void {
  const netdev = requireNetdev(act.machine, name);
  note(act, `alias ${name}`, { before: netdev.alias ?? "none", after: alias || "none" });
  netdev.alias = alias === "" ? undefined : alias;
}

export function setMtu(act: Act, name: string, mtu: number): void {
  const netdev = requireNetdev(act.machine, name);
  note(act, `mtu ${name}`, { before: String(netdev.mtu), after: String(mtu) });
  netdev.mtu = mtu;
}

/** @throws Refusal ENODEV, EEXIST (`RTNETLINK answers: File exists`) */
export function addAddress(act: Act, name: string, cidr: string): void {
  const netdev = requireNetdev(act.machine, name);
  if (netdev.addresses.includes(cidr)) throw new Refusal("EEXIST");
  netdev.addresses = [...netdev.addresses, cidr];
  note(act, `address ${name} ${cidr}`, { before: "absent", after: "present" });
}

/** @returns false when the netdev does not carry the address (EADDRNOTAVAIL) */
export function removeAddress(act: Act, name: string, cidr: string): boolean {
  const netdev = requireNetdev(act.machine, name);
  if (!netdev.addresses.includes(cidr)) return false;
  netdev.addresses = netdev.addresses.filter((address) => address !== cidr);
  note(act, `address ${name} ${cidr}`, { before: "present", after: "absent" });
  return true;
}

/** Counts a frame that went out of (`tx`) or came in by (`rx`) a netdev or function. */
/** @param frame a burst of frames alike, or one */
export function countFrame(
  counters: Counters,
  direction: "rx" | "tx",
  { bytes, copies }: { readonly bytes: number; readonly copies: number },
): void {
  if (direction === "rx") {
    counters.rxBytes += bytes * copies;
    counters.rxPackets += copies;
  } else {
    counters.txBytes += bytes * copies;
    counters.txPackets += copies;
  }
}
