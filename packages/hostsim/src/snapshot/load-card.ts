import {
  isPciAddress,
  type PciAddress,
  parseFirmwareVersion,
  parsePciAddress,
  type SnapshotFacts,
  type SnapshotItems,
} from "@switchyard/model";
import { iommuGroup } from "../machine/iommu.ts";
import type { Machine, Pf, Vf } from "../machine/machine.ts";
import { zeroCounters } from "../machine/netdev.ts";
import type { CardSpec, PortSpec } from "../machine/spec.ts";
import { ZERO_MAC } from "../machine/vdpa.ts";

type Functions = Readonly<Record<string, SnapshotItems["functions"]>>;

/** PCI vendor id of Mellanox. */
const CARD_VENDOR = "0x15b3";

const slotOf = (address: string): string => address.split(".")[0] ?? "";

/** PFs of one card: of the first ConnectX, or of the first card with SR-IOV where there is none. */
function cardFunctions(functions: Functions): readonly PciAddress[] {
  const pfs = Object.entries(functions).filter(([, { totalVfs }]) => totalVfs !== undefined);
  const [card] = [...pfs.filter(([, { vendorId }]) => vendorId === CARD_VENDOR), ...pfs];
  if (card === undefined) return [];
  return pfs
    .map(([address]) => address)
    .filter(isPciAddress)
    .filter((address) => slotOf(address) === slotOf(card[0]))
    .toSorted();
}

/** A PF's own netdev: its physical port's; in switchdev mode its representors hang off it too. */
function netdevOfPf(facts: SnapshotFacts, pf: PciAddress): string {
  const port = Object.entries(facts.devlinkPorts ?? {}).find(
    ([key, { flavour }]) => flavour === "physical" && key.startsWith(`pci/${pf}/`),
  );
  const own = facts.functions?.[pf]?.netdevs ?? [];
  const isUplink = (name: string) => /^p\d+$/.test(facts.links?.[name]?.portName ?? "p0");
  return port?.[1].netdev ?? own.find(isUplink) ?? `nonetdev${pf.at(-1)}`;
}

const portsOf = (facts: SnapshotFacts): readonly PortSpec[] =>
  cardFunctions(facts.functions ?? {}).map((pciAddress) => ({
    pciAddress,
    netdev: netdevOfPf(facts, pciAddress),
  }));

/** What the card was made as. Areas that the snapshot lacks are as on any R740. */
export function cardOf(facts: SnapshotFacts): Partial<CardSpec> {
  if (facts.functions === undefined) return {};
  const ports = portsOf(facts);
  const [first] = ports;
  const pf = first === undefined ? undefined : facts.functions[first.pciAddress];
  const firmware = facts.firmware?.[`pci/${first?.pciAddress}`];
  const [mgmtdev] = Object.values(facts.mgmtdevs ?? {});
  return {
    ports,
    ...(pf !== undefined && { numaNode: pf.numaNode, isSriovEnabled: (pf.totalVfs ?? 0) > 0 }),
    ...(pf?.totalVfs !== undefined && { totalVfs: pf.totalVfs }),
    ...(firmware?.psid !== undefined && { psid: firmware.psid }),
    ...(firmware?.serial !== undefined && { serial: firmware.serial }),
    ...(mgmtdev !== undefined && { dataQueues: 2 * mgmtdev.maxVqp }),
  };
}

/** `INDEX MAC` of each VF whose MAC somebody set. */
function adminMacsOf(facts: SnapshotFacts, netdev: string): ReadonlyMap<number, string> {
  const texts = facts.links?.[netdev]?.vfAdminMacs ?? [];
  return new Map(
    texts.map((text) => {
      const [index, mac] = text.split(" ");
      return [Number(index), mac ?? ZERO_MAC];
    }),
  );
}

/** By the VF's own port, which carries it in its index; else as the card numbers its functions. */
function vhcaIdOf(facts: SnapshotFacts, address: PciAddress, counted: number): number {
  const port = Object.keys(facts.devlinkPorts ?? {}).find((key) =>
    key.startsWith(`pci/${address}/`),
  );
  const index = port === undefined ? Number.NaN : Number(port.split("/")[2]);
  return Number.isInteger(index / 0x1_0000) ? index / 0x1_0000 : counted;
}

function vfsOf(facts: SnapshotFacts, pf: Pf, firstVhcaId: number): readonly Vf[] {
  const adminMacs = adminMacsOf(facts, pf.netdev);
  return Object.entries(facts.functions ?? {})
    .filter(([, each]) => each.pf === pf.pciAddress && each.vfIndex !== undefined)
    .map(([address, { vfIndex: index = 0, driver, driverOverride }]) => ({
      pf: pf.pciAddress,
      index,
      pciAddress: parsePciAddress(address),
      vhcaId: vhcaIdOf(facts, parsePciAddress(address), firstVhcaId + index),
      driver,
      driverOverride,
      adminMac: adminMacs.get(index) ?? ZERO_MAC,
      vlan: 0,
      isSpoofChecked: false,
      maxTxMbps: 0,
      counters: zeroCounters(),
    }))
    .toSorted((left, right) => left.index - right.index);
}

function setParameter(machine: Machine, pf: PciAddress, name: string, value: number): void {
  const parameter = machine.firmware.config.get(pf)?.get(name);
  if (parameter === undefined) return;
  parameter.current = value;
  parameter.nextBoot = value;
}

/** Firmware, VF ceilings, VFs with their drivers, and the eswitches' modes. */
export function loadCard(machine: Machine, facts: SnapshotFacts): void {
  const { boot, spec } = machine;
  const firmware = facts.firmware?.[`pci/${spec.card.ports[0]?.pciAddress}`];
  if (firmware?.running !== undefined) {
    machine.firmware.running = parseFirmwareVersion(firmware.running);
    machine.firmware.stored = parseFirmwareVersion(firmware.stored ?? firmware.running);
  }
  let vhcaId = spec.card.ports.length;
  for (const pf of boot.pfs) {
    const totalVfs = facts.functions?.[pf.pciAddress]?.totalVfs ?? 0;
    setParameter(machine, pf.pciAddress, "SRIOV_EN", totalVfs === 0 ? 0 : 1);
    setParameter(machine, pf.pciAddress, "NUM_OF_VFS", totalVfs);
    pf.mode = facts.eswitches?.[`pci/${pf.pciAddress}`]?.mode ?? "legacy";
    pf.vfs = vfsOf(facts, pf, vhcaId);
    vhcaId += totalVfs;
  }
  for (const [address, { iommuGroup: group }] of Object.entries(facts.functions ?? {})) {
    if (!isPciAddress(address) || group === undefined) continue;
    if (group !== iommuGroup(machine, address)) machine.iommuGroups.set(address, group);
  }
}

/** vDPA devices as they were made, with their character devices. */
export function loadVdpa(machine: Machine, facts: SnapshotFacts): void {
  for (const [name, device] of Object.entries(facts.vdpaDevices ?? {})) {
    const address = device.mgmtdev.replace(/^pci\//, "");
    const number = /^\/dev\/vhost-vdpa-(\d+)$/.exec(device.vhostPath ?? "")?.[1];
    if (!isPciAddress(address)) continue;
    machine.boot.vdpaDevices.set(name, {
      name,
      vf: address,
      mac: device.mac ?? ZERO_MAC,
      mtu: 1500,
      pairs: device.maxVqp ?? Math.max(1, (device.maxVqs - 1) / 2),
      driver: number === undefined ? undefined : "vhost_vdpa",
      minor: number === undefined ? undefined : Number(number),
    });
  }
}
