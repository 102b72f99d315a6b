import { listVfCounters, readEthtoolStats } from "@switchyard/host";
import { createLastingSums, type LastingSums } from "../lasting-sums.ts";
import type { Pass, Source } from "../source.ts";
import {
  addOfVf,
  COUNTERS,
  type Counter,
  pfsOf,
  readStatistic,
  type SampledVf,
  sampledVfs,
} from "./netdevs.ts";
import { createVmTraffic } from "./vm-traffic.ts";

export type Counts = Readonly<Partial<Record<Counter, number>>>;

/** What passed a VF; undefined where nothing counts it. */
export interface VfTraffic {
  /** All of it, as the VF sees it. */
  readonly total: Counts | undefined;
  /** What of it the host's CPU handled, as the representor sees it. */
  readonly software: Counts | undefined;
}

const NONE: VfTraffic = { total: undefined, software: undefined };

/** The same counts from the other end of the port. */
const flipped = (of: (counter: Counter) => number | undefined): Counts => {
  const pairs = COUNTERS.map((counter) => {
    const other = counter.startsWith("rx")
      ? counter.replace("rx", "tx")
      : counter.replace("tx", "rx");
    return [counter, of(other as Counter)] as const;
  });
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
};

const straight = (of: (counter: Counter) => number | undefined): Counts =>
  Object.fromEntries(
    COUNTERS.map((counter) => [counter, of(counter)] as const).filter(
      ([, value]) => value !== undefined,
    ),
  );

/**
 * mlx5 has both counts among a representor's own: `vport_*` of the hardware, and beside them what its queues
 * carried. What the kernel shows as the netdev's statistics is the hardware's count there, and so no measure of
 * software. A driver without `vport_*` lets all traffic through the netdev, whose statistics are both.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_rep.c, sw_rep_stats_desc, vport_rep_stats_desc,
 *   mlx5e_rep_get_stats
 */
async function readRepresentor(
  pass: Pass,
  netdev: string,
): Promise<VfTraffic & { hasVport: boolean }> {
  const stats = await pass.attempt(() => readEthtoolStats(pass.host, netdev));
  if (stats?.has("vport_rx_packets") === true) {
    return {
      hasVport: true,
      total: flipped((counter) => stats.get(`vport_${counter}`)),
      software: straight((counter) => stats.get(counter)),
    };
  }
  const values = new Map<Counter, number>();
  for (const counter of COUNTERS) {
    const value = await readStatistic(pass, netdev, counter);
    if (value !== undefined) values.set(counter, value);
  }
  if (values.size === 0) return { ...NONE, hasVport: false };
  const software = straight((counter) => values.get(counter));
  return { hasVport: false, software, total: flipped((counter) => values.get(counter)) };
}

/** Legacy mode: VFs have no representors, and the card counts for them by the PF. */
async function readLegacy(pass: Pass): Promise<ReadonlyMap<string, Counts>> {
  const found = new Map<string, Counts>();
  for (const { pciAddress, link, vfs } of pfsOf(pass.inventory)) {
    if (!vfs.some(({ representor }) => representor === undefined)) continue;
    for (const vf of (await pass.attempt(() => listVfCounters(pass.host, link.netdev))) ?? []) {
      found.set(`${pciAddress}/vf${vf.index}`, {
        ...{ rx_bytes: vf.rxBytes, tx_bytes: vf.txBytes },
        ...{ rx_packets: vf.rxPackets, tx_packets: vf.txPackets },
      });
    }
  }
  return found;
}

/** Tells what passed a VF, and gives it back for the VM that has the VF. */
async function readVf(
  pass: Pass,
  sums: LastingSums,
  { vf, legacy }: { readonly vf: SampledVf; readonly legacy: ReadonlyMap<string, Counts> },
): Promise<VfTraffic> {
  const add = (kind: "vf" | "representor", counts: Counts | undefined) => {
    for (const counter of COUNTERS) {
      addOfVf(pass, sums, vf, { metric: `nic.${kind}.${counter}`, value: counts?.[counter] });
    }
  };
  const netdev = vf.vf.representor?.netdev;
  if (netdev === undefined) {
    const total = legacy.get(vf.key);
    add("vf", total);
    return { ...NONE, total };
  }
  const traffic = await readRepresentor(pass, netdev);
  add("representor", traffic.software);
  if (traffic.hasVport) add("vf", traffic.total);
  return traffic;
}

/** All traffic of each VF, whoever forwards it; of that what the CPU handled; and both for VMs. */
export function vportSource(): Source {
  const sums = createLastingSums();
  const ofVms = createVmTraffic();
  return {
    name: "vport counters",
    rate: "5s",
    read: async (pass) => {
      const vfs = sampledVfs(pass.inventory);
      const legacy = await readLegacy(pass);
      sums.keepOnly(new Set(vfs.map(({ key }) => key)));
      const traffic = new Map<string, VfTraffic>();
      for (const vf of vfs) traffic.set(vf.key, await readVf(pass, sums, { vf, legacy }));
      sums.tellInto(pass);
      ofVms.tell(pass, vfs, traffic);
    },
  };
}
