import type { SnapshotFacts, SnapshotItems } from "@switchyard/model";
import { ONBOARD_PORTS } from "../machine/boot.ts";
import { plugCable, pullCable } from "../machine/create.ts";
import type { Machine } from "../machine/machine.ts";
import { createNetdev, type Netdev } from "../machine/netdev.ts";

type Place = Pick<Netdev, "kind" | "pciAddress" | "vfIndex">;

/** What a netdev stands for, by what else the snapshot knows of its name. */
function placeOf(machine: Machine, facts: SnapshotFacts, name: string): Place {
  const elsewhere = { pciAddress: undefined, vfIndex: undefined };
  if (name === "lo") return { ...elsewhere, kind: "loopback" };
  if (name === "ovs-system") return { ...elsewhere, kind: "datapath" };
  if (facts.bridges?.[name] !== undefined) return { ...elsewhere, kind: "internal" };
  if (facts.links?.[name]?.bondMode !== undefined) return { ...elsewhere, kind: "bond" };
  const pf = machine.boot.pfs.find(({ netdev }) => netdev === name);
  if (pf !== undefined) return { ...elsewhere, kind: "uplink", pciAddress: pf.pciAddress };
  return (
    representorOf(machine, facts, name) ??
    vfOf(machine, facts, name) ?? {
      ...elsewhere,
      kind: "port",
      pciAddress: ONBOARD_PORTS.find(({ netdev }) => netdev === name)?.pciAddress,
    }
  );
}

function representorOf(machine: Machine, facts: SnapshotFacts, name: string): Place | undefined {
  const port = Object.entries(facts.devlinkPorts ?? {}).find(
    ([, { flavour, netdev }]) => flavour === "pcivf" && netdev === name,
  );
  const pf = machine.boot.pfs.find(({ pciAddress }) => port?.[0].startsWith(`pci/${pciAddress}/`));
  if (port === undefined || pf === undefined) return undefined;
  return { kind: "representor", pciAddress: pf.pciAddress, vfIndex: port[1].vfNumber };
}

function vfOf(machine: Machine, facts: SnapshotFacts, name: string): Place | undefined {
  const vf = machine.boot.pfs
    .flatMap(({ vfs }) => vfs)
    .find(({ pciAddress }) => facts.functions?.[pciAddress]?.netdevs.includes(name));
  return vf && { kind: "vf", pciAddress: vf.pciAddress, vfIndex: vf.index };
}

/** Membership in Open vSwitch follows from its database; the model asks for a bond's only. */
const bondOf = (facts: SnapshotFacts, link: SnapshotItems["links"]): string | undefined =>
  link.master !== undefined && facts.links?.[link.master]?.bondMode !== undefined
    ? link.master
    : undefined;

/** Replaces the netdevs by those of the snapshot. */
export function loadLinks(machine: Machine, facts: SnapshotFacts): void {
  if (facts.links === undefined) return;
  machine.boot.netdevs.clear();
  for (const [name, link] of Object.entries(facts.links)) {
    const netdev = createNetdev(machine, { ...placeOf(machine, facts, name), name, mac: link.mac });
    netdev.isUp = link.isUp;
    netdev.mtu = link.mtu;
    netdev.addresses = link.addresses;
    netdev.alias = link.alias;
    netdev.bondMode = link.bondMode;
    netdev.master = bondOf(facts, link);
  }
  for (const { netdev, port } of machine.boot.pfs) {
    const link = facts.links[netdev];
    // Of a port that is down nobody knows whether it has a cable.
    if (link?.isUp === true && !link.hasCarrier) pullCable(machine, port);
    else plugCable(machine, port);
  }
}
