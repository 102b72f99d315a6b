import type { Machine } from "../machine/machine.ts";
import { findPf, switchId } from "../machine/machine.ts";
import { hasCarrier, type Netdev, operstate, shownCounters } from "../machine/netdev.ts";
import { Refusal } from "../machine/refusal.ts";
import { attribute, fixedFile, folder, link, type Node } from "./node.ts";
import { devicePath } from "./sys-pci.ts";

const refuse = (): never => {
  throw new Refusal("EOPNOTSUPP");
};

function portName(machine: Machine, netdev: Netdev): string {
  const pf = findPf(machine, netdev.pciAddress ?? "");
  if (netdev.kind === "uplink") return `p${pf?.port}`;
  return netdev.kind === "representor" ? `pf${pf?.port}vf${netdev.vfIndex}` : refuse();
}

function statistics(netdev: Netdev): Record<string, () => Node> {
  const counters = shownCounters(netdev);
  const zero = ["rx_dropped", "tx_dropped", "rx_errors", "tx_errors", "multicast", "collisions"];
  return {
    rx_bytes: attribute(() => counters.rxBytes),
    rx_packets: attribute(() => counters.rxPackets),
    tx_bytes: attribute(() => counters.txBytes),
    tx_packets: attribute(() => counters.txPackets),
    ...Object.fromEntries(zero.map((name) => [name, attribute(() => 0)])),
  };
}

/** `/sys/class/net/X`: what every netdev shows. Source: torvalds/linux net/core/net-sysfs.c */
export function netdevFolder(machine: Machine, netdev: Netdev): Node {
  const carrier = () => {
    if (!netdev.isUp) throw new Refusal("EINVAL");
    return hasCarrier(machine, netdev) ? 1 : 0;
  };
  const speed = () => {
    if (!netdev.isUp) throw new Refusal("EINVAL");
    if (!hasCarrier(machine, netdev)) return -1;
    return netdev.kind === "port" ? 10_000 : 100_000;
  };
  const isCard = netdev.kind === "uplink" || netdev.kind === "representor";
  const device =
    netdev.pciAddress === undefined ? {} : { device: link(devicePath(netdev.pciAddress)) };
  return folder(() => ({
    address: attribute(() => netdev.mac),
    carrier: attribute(carrier),
    flags: attribute(() => (netdev.isUp ? "0x1003" : "0x1002")),
    ifindex: attribute(() => netdev.ifindex),
    mtu: attribute(() => netdev.mtu),
    operstate: attribute(() => operstate(machine, netdev).toLowerCase()),
    phys_port_name: attribute(() => portName(machine, netdev)),
    phys_switch_id: attribute(() => (isCard ? switchId(machine) : refuse())),
    speed: attribute(speed),
    statistics: () => folder(() => statistics(netdev)),
    type: attribute(() => (netdev.kind === "loopback" ? 772 : 1)),
    uevent: fixedFile(() => `INTERFACE=${netdev.name}\nIFINDEX=${netdev.ifindex}\n`),
    ...device,
  }));
}

/** `/sys/class/net`. */
export const classNet = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      [...machine.boot.netdevs.values()].map((netdev) => [
        netdev.name,
        link(
          netdev.pciAddress === undefined
            ? `/sys/devices/virtual/net/${netdev.name}`
            : `${devicePath(netdev.pciAddress)}/net/${netdev.name}`,
        ),
      ]),
    ),
  );

/** `/sys/devices/virtual/net`: netdevs without a device. */
export const virtualNet = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      [...machine.boot.netdevs.values()]
        .filter(({ pciAddress }) => pciAddress === undefined)
        .map((netdev) => [netdev.name, () => netdevFolder(machine, netdev)]),
    ),
  );
