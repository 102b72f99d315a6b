import { listInterfaceStatistics } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import type { Pass, Source } from "../source.ts";
import { pfsOf, SINGLE_VFS_MAX } from "./netdevs.ts";

/** Metric of each of Open vSwitch's counters. @see ovs-vswitchd.conf.db(5), Interface: statistics */
const COUNTERS = [
  ["rx_bytes", "ovs.interface.bytes", "receive"],
  ["tx_bytes", "ovs.interface.bytes", "transmit"],
  ["rx_packets", "ovs.interface.packets", "receive"],
  ["tx_packets", "ovs.interface.packets", "transmit"],
  ["rx_dropped", "ovs.interface.drops", "receive"],
  ["tx_dropped", "ovs.interface.drops", "transmit"],
] as const;

/** Bridge of each interface, a bridge's own port included; a bond's members are known by no bridge. */
export const bridgeOfInterfaces = ({ ovs }: Inventory): ReadonlyMap<string, string> =>
  new Map(
    (ovs?.bridges ?? []).flatMap((bridge) => [
      [bridge.name, bridge.name] as const,
      ...bridge.ports.map((port) => [port.name, bridge.name] as const),
    ]),
  );

/** Representors of a host with more VFs than are told one by one. */
function unsampledRepresentors(inventory: Inventory): ReadonlySet<string> {
  const vfs = pfsOf(inventory).flatMap((pf) => pf.vfs);
  if (vfs.length <= SINGLE_VFS_MAX) return new Set();
  return new Set(vfs.flatMap(({ representor }) => representor?.netdev ?? []));
}

const isRunning = ({ inventory }: Pass): boolean => inventory.ovs?.isRunning === true;

/** Interfaces as Open vSwitch counts them. */
export const ovsInterfaceSource = (): Source => ({
  name: "Open vSwitch interfaces",
  rate: "5s",
  read: async (pass) => {
    if (!isRunning(pass)) return;
    const bridges = bridgeOfInterfaces(pass.inventory);
    const left = unsampledRepresentors(pass.inventory);
    for (const { name, isUp, counters } of await listInterfaceStatistics(pass.host)) {
      const bridge = bridges.get(name);
      if (bridge === undefined || left.has(name)) continue;
      const object = `${bridge}/${name}`;
      pass.add("ovs.interface.up", object, isUp ? 1 : 0);
      for (const [counter, metric, direction] of COUNTERS) {
        pass.add(metric, `${object}/${direction}`, counters.get(counter));
      }
    }
  },
});
