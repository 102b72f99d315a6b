import { ETHERNET_MTU, type PciAddress } from "@switchyard/model";
import { applySeed } from "../guest/cloud-init.ts";
import { applyDisk } from "../guest/edited-disk.ts";
import { ownStacks } from "../guest/listeners.ts";
import { transmitFromVdpa, transmitFromVf } from "../l2/forwarding.ts";
import type { IpStack } from "../l2/ip-stack.ts";
import type { Guest, GuestNic } from "./guest.ts";
import { findVf, type Machine } from "./machine.ts";
import { isVfLinkUp, machineMac } from "./netdev.ts";
import type { QemuOptions } from "./qemu-options.ts";
import { ZERO_MAC } from "./vdpa.ts";

/** Salt of the MACs that firmware gives to VFs, apart from those of netdevs. */
const FIRST_VF_MAC = 0x8000;

/** A guest's end of a function. */
interface Wire {
  readonly mac: string;
  readonly pairs: number;
  readonly at: Pick<GuestNic, "minor" | "vf">;
  readonly isLinkUp: () => boolean;
  readonly transmit: IpStack["transmit"];
}

function plugIn(index: number, { mac, pairs, at, isLinkUp, transmit }: Wire): GuestNic {
  const stack: IpStack = {
    mac,
    isUp: () => made.isUp && isLinkUp(),
    addresses: () => made.addresses,
    mtu: () => made.mtu,
    transmit,
    neighbours: new Map(),
    answered: new Set(),
  };
  const name = `eth${index}`;
  const made: GuestNic = {
    ...{ name, mac, pairs, ...at, stack },
    ...{ isUp: false, mtu: ETHERNET_MTU, addresses: [] },
  };
  return made;
}

function createNic(machine: Machine, options: QemuOptions, index: number): GuestNic | undefined {
  const nic = options.nics[index];
  const netdev = options.netdevs.find(({ id }) => id === nic?.netdev);
  const minor = Number(/\/dev\/vhost-vdpa-(\d+)$/.exec(netdev?.vhostPath ?? "")?.[1]);
  const device = [...machine.boot.vdpaDevices.values()].find((each) => each.minor === minor);
  if (nic === undefined || device === undefined) return undefined;
  return plugIn(index, {
    mac: nic.mac ?? device.mac,
    pairs: nic.hasMultiqueue ? Math.min(device.pairs, options.vcpuCount) : 1,
    at: { minor },
    isLinkUp: () => isVfLinkUp(machine, device.vf),
    transmit: (frame) => transmitFromVdpa(machine, minor, frame),
  });
}

/** A function's MAC is the admin MAC, or where nobody set one the one that firmware makes up. */
function createVfioNic(machine: Machine, address: PciAddress, index: number): GuestNic | undefined {
  const vf = findVf(machine, address);
  if (vf === undefined) return undefined;
  return plugIn(index, {
    mac: vf.adminMac === ZERO_MAC ? machineMac(machine, FIRST_VF_MAC + vf.vhcaId) : vf.adminMac,
    pairs: 1,
    at: { minor: undefined, vf: address },
    isLinkUp: () => isVfLinkUp(machine, address),
    transmit: (frame) => transmitFromVf(machine, address, frame),
  });
}

/** The guest of a virtual machine, with its NICs as its disks and its seed have them. */
export function createGuest(machine: Machine, options: QemuOptions): Guest {
  const bootedAtMs = machine.clock.nowMs() + machine.spec.guestBootMs;
  const vdpa = options.nics.flatMap((_, index) => createNic(machine, options, index) ?? []);
  const vfio = options.vfioDevices.flatMap(
    (address, index) => createVfioNic(machine, address, vdpa.length + index) ?? [],
  );
  const nics = [...vdpa, ...vfio];
  const disks = options.disks.map(({ path }) => path);
  const hostname = applyDisk(machine, disks, nics);
  applySeed(machine, disks, nics);
  const guest: Guest = {
    hostname: hostname ?? options.name,
    nics,
    bootedAtMs,
    isBooted: () => machine.clock.nowMs() >= guest.bootedAtMs,
    results: new Map(),
    nextPid: 1200,
  };
  ownStacks(machine, guest);
  return guest;
}
