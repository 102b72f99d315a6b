import type { Machine, Pf, VdpaDevice } from "../machine/machine.ts";
import { findPf, findVf, vdpaOfVf } from "../machine/machine.ts";
import { countFrame, findRepresentor, type Netdev, netdevsOf } from "../machine/netdev.ts";
import { holderOf, virtualMachines } from "../machine/process.ts";
import { hasConflictingAdminMac } from "../machine/vdpa.ts";
import { bridgeOfPort, portsOfBridge } from "../ovs/bridges.ts";
import { passFlow } from "../ovs/datapath.ts";
import { BROADCAST, type Frame } from "./frame.ts";
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

/** The card's steering passes to a vDPA device what is for its own MAC address, or for everyone. */
function deliverToVf(machine: Machine, representor: Netdev, frame: Frame): void {
  const pf = findPf(machine, representor.pciAddress ?? "");
  const vf = pf?.vfs.find(({ index }) => index === representor.vfIndex);
  const device = vf === undefined ? undefined : vdpaOfVf(machine, vf.pciAddress);
  if (device === undefined || hasConflictingAdminMac(machine, device)) return;
  if (frame.destination !== BROADCAST && frame.destination !== device.mac) return;
  const stack = guestStack(machine, device);
  if (stack !== undefined && stack.mac === device.mac) receiveFrame(stack, frame);
}

function countVf(machine: Machine, representor: Netdev, options: { sent: boolean; bytes: number }) {
  const netdev = netdevsOf(machine, "vf").find(
    ({ vfIndex, pciAddress }) =>
      vfIndex === representor.vfIndex &&
      findVf(machine, pciAddress ?? "")?.pf === representor.pciAddress,
  );
  if (netdev !== undefined) countFrame(netdev.vport, options.sent ? "tx" : "rx", options.bytes);
}

/** Books a frame where a real machine would: software counters only for what the CPU touched. */
function count(
  machine: Machine,
  port: Netdev,
  frame: { readonly direction: "rx" | "tx"; readonly bytes: number; readonly inHardware: boolean },
): void {
  const { direction, bytes } = frame;
  countFrame(port.vport, direction, bytes);
  if (port.kind === "representor") countVf(machine, port, { sent: direction === "rx", bytes });
  if (port.kind === "uplink" || !frame.inHardware) countFrame(port.counters, direction, bytes);
}

function emit(machine: Machine, port: Netdev, frame: Frame): void {
  switch (port.kind) {
    case "uplink":
      if (isUplinkUsable(port))
        machine.cables.get(port.pciAddress as Pf["pciAddress"])?.send(frame);
      return;
    case "representor":
      deliverToVf(machine, port, frame);
      return;
    case "internal": {
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

/** Learns the sender, then sends to the port the destination was heard on, or to all others. */
function forward(machine: Machine, inPort: Netdev, frame: Frame): void {
  const bridge = bridgeOf(machine, inPort.name);
  const { learned } = machine.boot.datapath;
  if (bridge === undefined || frame.crossed.has(learned)) return;
  frame.crossed.add(learned);
  const table = learnedPorts(machine, bridge);
  table.set(frame.source, inPort.name);
  const known = frame.destination === BROADCAST ? undefined : table.get(frame.destination);
  const names = known === undefined ? portsOfBridge(machine, bridge) : [known];
  const { bytes, source, destination } = frame;
  let isCounted = false;
  for (const name of names) {
    const port = machine.boot.netdevs.get(name);
    if (port === undefined || port === inPort || !port.isUp) continue;
    const flow = { bridge, inPort: inPort.name, outPort: name, source, destination, bytes };
    const inHardware = known !== undefined && passFlow(machine, flow);
    if (!isCounted) count(machine, inPort, { direction: "rx", bytes, inHardware });
    isCounted = true;
    count(machine, port, { direction: "tx", bytes, inHardware });
    emit(machine, port, frame);
  }
}

/** A guest sends on its vDPA device; the seed's rules decide whether anything comes out. */
export function transmitFromVdpa(machine: Machine, minor: number, frame: Frame): void {
  const device = [...machine.boot.vdpaDevices.values()].find((each) => each.minor === minor);
  if (device === undefined || frame.source !== device.mac) return;
  if (hasConflictingAdminMac(machine, device)) return;
  const vf = findVf(machine, device.vf);
  const representor = vf && findRepresentor(machine, vf);
  if (representor?.isUp) forward(machine, representor, frame);
}

export function transmitFromBridge(machine: Machine, bridge: string, frame: Frame): void {
  const netdev = machine.boot.netdevs.get(bridge);
  if (netdev?.isUp) forward(machine, netdev, frame);
}

/** A frame came in by the cable of a port. */
export function receiveFromWire(machine: Machine, pf: Pf["pciAddress"], frame: Frame): void {
  const netdev = netdevsOf(machine, "uplink").find(({ pciAddress }) => pciAddress === pf);
  if (isUplinkUsable(netdev)) forward(machine, netdev, frame);
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
