import type { PciAddress } from "@switchyard/model";
import { outPortOf, takesFrom } from "../machine/bond.ts";
import type { Machine, Pf, VdpaDevice, Vf } from "../machine/machine.ts";
import { findPf, findVf, vdpaOfVf } from "../machine/machine.ts";
import { countFrame, findRepresentor, type Netdev, netdevsOf } from "../machine/netdev.ts";
import { holderOf, virtualMachines } from "../machine/process.ts";
import { hasConflictingAdminMac } from "../machine/vdpa.ts";
import { bridgeOfPort, portsOfBridge, tagOfPort } from "../ovs/bridges.ts";
import { learnedKey, passFlow } from "../ovs/datapath.ts";
import { passesFlows } from "../ovs/open-flow.ts";
import { BROADCAST, type Frame, HEADER_BYTES } from "./frame.ts";
import { type IpStack, receiveFrame } from "./ip-stack.ts";

/** A bridge forwards while vswitchd runs: without it no new flow is ever set up. */
function bridgeOf(machine: Machine, netdev: string): string | undefined {
  return machine.boot.vswitchd === undefined ? undefined : bridgeOfPort(machine, netdev);
}

/** An address on the uplink takes the frames to the host's own stack, past the bridge. */
const isUplinkUsable = (netdev: Netdev | undefined): netdev is Netdev =>
  netdev?.isUp === true && netdev.addresses.length === 0;

function guestStack(machine: Machine, device: VdpaDevice): IpStack | undefined {
  const { minor } = device;
  const qemu = minor === undefined ? undefined : holderOf(machine, minor)?.qemu;
  const nic = qemu?.guest.nics.find((candidate) => candidate.minor === minor);
  return qemu?.guest.isBooted() && qemu.status === "running" ? nic?.stack : undefined;
}

/** The guest's interface on a function that it was given by vfio. */
function vfioStack(machine: Machine, vf: Vf): IpStack | undefined {
  const qemu = virtualMachines(machine).find(({ vfioDevices }) =>
    vfioDevices.includes(vf.pciAddress),
  );
  const nic = qemu?.guest.nics.find((candidate) => candidate.vf === vf.pciAddress);
  return qemu?.guest.isBooted() && qemu.status === "running" ? nic?.stack : undefined;
}

/** The card passes to a VF what is for its own MAC address, or for everyone, in its VLAN. */
function deliverByMac(machine: Machine, vf: Vf, frame: Frame): void {
  const stack = vfioStack(machine, vf);
  if (stack === undefined || frame.vlan !== vf.vlan) return;
  if (frame.destination === BROADCAST || frame.destination === stack.mac) {
    countFrame(vf.counters, "rx", frame);
    receiveFrame(stack, frame);
  }
}

/** A function takes and sends what its own MTU allows, whatever its representor's is. */
const fitsVf = (machine: Machine, vf: Pick<Vf, "pciAddress">, frame: Frame): boolean => {
  const netdev = netdevsOf(machine, "vf").find(({ pciAddress }) => pciAddress === vf.pciAddress);
  return netdev === undefined || fits(netdev, frame);
};

/** The card's steering passes to a vDPA device what is for its own MAC address, or for everyone. */
function deliverToVf(machine: Machine, representor: Netdev, frame: Frame): void {
  const pf = findPf(machine, representor.pciAddress ?? "");
  const vf = pf?.vfs.find(({ index }) => index === representor.vfIndex);
  if (vf !== undefined && vf.driver !== "mlx5_core") {
    deliverByMac(machine, vf, frame);
    return;
  }
  const device = vf === undefined ? undefined : vdpaOfVf(machine, vf.pciAddress);
  if (vf === undefined || !fitsVf(machine, vf, frame)) return;
  if (device === undefined || hasConflictingAdminMac(machine, device)) return;
  if (frame.destination !== BROADCAST && frame.destination !== device.mac) return;
  const stack = guestStack(machine, device);
  if (stack !== undefined && stack.mac === device.mac) receiveFrame(stack, frame);
}

type Counted = Pick<Frame, "bytes" | "copies">;

function countVf(machine: Machine, representor: Netdev, options: Counted & { sent: boolean }) {
  const netdev = netdevsOf(machine, "vf").find(
    ({ vfIndex, pciAddress }) =>
      vfIndex === representor.vfIndex &&
      findVf(machine, pciAddress ?? "")?.pf === representor.pciAddress,
  );
  if (netdev !== undefined) countFrame(netdev.vport, options.sent ? "tx" : "rx", options);
}

/** Books a frame where a real machine would: software counters only for what the CPU touched. */
function count(
  machine: Machine,
  port: Netdev,
  frame: Counted & { readonly direction: "rx" | "tx"; readonly inHardware: boolean },
): void {
  const { direction } = frame;
  countFrame(port.vport, direction, frame);
  if (direction === "rx" && !frame.inHardware) machine.boot.load.softwareFrames += frame.copies;
  if (port.kind === "representor") countVf(machine, port, { ...frame, sent: direction === "rx" });
  if (port.kind === "uplink" || !frame.inHardware) countFrame(port.counters, direction, frame);
  if (!frame.inHardware) countOwn(machine, port, frame);
}

/** What the CPU takes from a port of the card, or gives to it, passes the PF's own port of the e-switch. */
function countOwn(
  machine: Machine,
  { pciAddress }: Netdev,
  frame: Counted & { readonly direction: "rx" | "tx" },
): void {
  const uplink = machine.boot.netdevs.get(findPf(machine, pciAddress ?? "")?.netdev ?? "");
  if (uplink !== undefined) countFrame(uplink.own, frame.direction, frame);
}

/** Books a frame that passed a port by other ways than a bridge: through a bond, or to and from a VF in legacy mode. */
function countWire(port: Netdev, direction: "rx" | "tx", frame: Counted): void {
  countFrame(port.vport, direction, frame);
  if (port.master !== undefined) countFrame(port.counters, direction, frame);
}

function emit(machine: Machine, port: Netdev, frame: Frame): void {
  switch (port.kind) {
    case "uplink":
      if (isUplinkUsable(port))
        machine.cables.get(port.pciAddress as Pf["pciAddress"])?.send(frame);
      return;
    case "bond": {
      const out = outPortOf(machine, port, frame);
      if (port.addresses.length > 0 || out === undefined) return;
      countWire(out, "tx", frame);
      emit(machine, out, frame);
      return;
    }
    case "representor":
      if (frame.vlan === 0) deliverToVf(machine, port, frame);
      return;
    case "internal": {
      if (frame.vlan !== 0) return;
      const stack = bridgeStack(machine, port.name);
      if (stack !== undefined) receiveFrame(stack, frame);
      return;
    }
    default:
      return;
  }
}

function learnedPorts(machine: Machine, bridge: string): Map<string, string> {
  const { learned } = machine.boot.datapath;
  const known = learned.get(bridge) ?? new Map<string, string>();
  learned.set(bridge, known);
  return known;
}

/** The VLAN a frame belongs to once it has come in by the port; undefined where the port drops it. */
function vlanOf(machine: Machine, port: string, frame: Frame): number | undefined {
  const tag = tagOfPort(machine, port);
  if (tag === undefined) return frame.vlan;
  return frame.vlan === 0 ? tag : undefined;
}

const fits = (port: Netdev, { bytes }: Frame): boolean => bytes - HEADER_BYTES <= port.mtu;

/** The VLAN, unless the bridge's flows or the port's tag stop the frame at its first port. */
function admit(machine: Machine, bridge: string, at: { port: string; frame: Frame }) {
  const { openFlows, ofports } = machine.boot.datapath;
  const isLetOn = passesFlows(
    openFlows.get(bridge) ?? [],
    at.frame,
    ofports.get(at.port) ?? Number.NaN,
  );
  return isLetOn ? vlanOf(machine, at.port, at.frame) : undefined;
}

/** Learns the sender, then sends to the port the destination was heard on, or to all others of the VLAN. */
function forward(machine: Machine, inPort: Netdev, frame: Frame): void {
  const bridge = bridgeOf(machine, inPort.name);
  const { learned } = machine.boot.datapath;
  if (bridge === undefined || frame.crossed.has(learned)) return;
  frame.crossed.add(learned);
  const vlan = admit(machine, bridge, { port: inPort.name, frame });
  if (vlan === undefined) return;
  const table = learnedPorts(machine, bridge);
  const { bytes, copies, source, destination } = frame;
  table.set(learnedKey(vlan, source), inPort.name);
  const known = destination === BROADCAST ? undefined : table.get(learnedKey(vlan, destination));
  const names = known === undefined ? portsOfBridge(machine, bridge) : [known];
  let isCounted = false;
  for (const name of names) {
    const port = machine.boot.netdevs.get(name);
    if (port === undefined || port === inPort || !port.isUp || !fits(port, frame)) continue;
    const tag = tagOfPort(machine, name);
    if (tag !== undefined && tag !== vlan) continue;
    const flow = { bridge, inPort: inPort.name, outPort: name, source, destination, bytes, copies };
    const inHardware = known !== undefined && passFlow(machine, flow);
    if (!inHardware) frame.softwareOf.add(machine);
    if (!isCounted) count(machine, inPort, { direction: "rx", bytes, copies, inHardware });
    isCounted = true;
    count(machine, port, { direction: "tx", bytes, copies, inHardware });
    emit(machine, port, { ...frame, vlan: tag === undefined ? vlan : 0 });
  }
}

/** A guest sends on its vDPA device; the seed's rules decide whether anything comes out. */
export function transmitFromVdpa(machine: Machine, minor: number, frame: Frame): void {
  const device = [...machine.boot.vdpaDevices.values()].find((each) => each.minor === minor);
  if (device === undefined || frame.source !== device.mac) return;
  if (hasConflictingAdminMac(machine, device)) return;
  const vf = findVf(machine, device.vf);
  if (vf === undefined || !fitsVf(machine, vf, frame)) return;
  const representor = findRepresentor(machine, vf);
  if (representor?.isUp) forward(machine, representor, frame);
}

export function transmitFromBridge(machine: Machine, bridge: string, frame: Frame): void {
  const netdev = machine.boot.netdevs.get(bridge);
  if (netdev?.isUp) forward(machine, netdev, frame);
}

/** A frame came in by the cable of a port. */
export function receiveFromWire(machine: Machine, address: Pf["pciAddress"], frame: Frame): void {
  const netdev = netdevsOf(machine, "uplink").find(({ pciAddress }) => pciAddress === address);
  if (netdev?.isUp !== true) return;
  const pf = findPf(machine, address);
  if (pf?.mode === "legacy") {
    if (bridgeOf(machine, netdev.name) === undefined) countWire(netdev, "rx", frame);
    for (const vf of pf.vfs) deliverByMac(machine, vf, frame);
  }
  const port = netdev.master === undefined ? netdev : bondOver(machine, netdev);
  if (port === undefined || !isUplinkUsable(port)) return;
  if (port !== netdev) countWire(netdev, "rx", frame);
  forward(machine, port, frame);
}

/** The bond that takes what came in by the port; undefined when it drops it. */
function bondOver(machine: Machine, port: Netdev): Netdev | undefined {
  const bond = machine.boot.netdevs.get(port.master ?? "");
  return bond !== undefined && takesFrom(machine, bond, port) ? bond : undefined;
}

/**
 * A guest sends on a function of its own. In switchdev mode the frame appears on the representor; in legacy
 * mode the card itself switches: to the VF of the same port whose MAC it is, or to the wire.
 */
export function transmitFromVf(machine: Machine, address: PciAddress, frame: Frame): void {
  const vf = findVf(machine, address);
  const pf = vf === undefined ? undefined : findPf(machine, vf.pf);
  if (vf === undefined || pf === undefined) return;
  if (pf.mode === "switchdev") {
    const representor = findRepresentor(machine, vf);
    if (representor?.isUp) forward(machine, representor, frame);
    return;
  }
  const uplink = machine.boot.netdevs.get(pf.netdev);
  if (uplink?.isUp !== true) return;
  countFrame(vf.counters, "tx", frame);
  const tagged = { ...frame, vlan: vf.vlan };
  const siblings = pf.vfs.filter((other) => other !== vf && other.vlan === vf.vlan);
  const meant = siblings.filter((other) => vfioStack(machine, other)?.mac === frame.destination);
  for (const other of meant.length > 0 ? meant : siblings) deliverByMac(machine, other, tagged);
  if (meant.length > 0) return;
  countWire(uplink, "tx", frame);
  machine.cables.get(pf.pciAddress)?.send(tagged);
}

/** The host's own interface on a bridge. Neighbours are kept per boot, with what else was learned. */
export function bridgeStack(machine: Machine, name: string): IpStack | undefined {
  const netdev = machine.boot.netdevs.get(name);
  if (netdev?.kind !== "internal") return undefined;
  const known = stacks.get(netdev);
  if (known !== undefined) return known;
  const stack: IpStack = {
    mac: netdev.mac,
    isUp: () => netdev.isUp,
    addresses: () => netdev.addresses,
    transmit: (frame) => transmitFromBridge(machine, name, frame),
    neighbours: new Map(),
    answered: new Set(),
  };
  stacks.set(netdev, stack);
  return stack;
}

const stacks = new WeakMap<Netdev, IpStack>();

/** Interfaces of this machine that use a MAC address: guests' and bridges'. */
export function stacksWithMac(machine: Machine, mac: string): readonly IpStack[] {
  const guests = virtualMachines(machine).flatMap(({ guest }) =>
    guest.nics.map((nic) => nic.stack),
  );
  const bridges = netdevsOf(machine, "internal").flatMap(
    ({ name }) => bridgeStack(machine, name) ?? [],
  );
  return [...guests, ...bridges].filter((stack) => stack.mac === mac && stack.isUp());
}
