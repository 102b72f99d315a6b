import { readEthtoolStats } from "@switchyard/host";
import type { Inventory, MetricName, Vf } from "@switchyard/model";
import { attempt, type Sampler } from "./sampler.ts";

const COUNTERS = ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets"] as const;

/**
 * A VF's metric by the counter of its representor. Directions are flipped: what the eswitch port received is
 * what the VF sent.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_rep.c
 */
const VF_METRIC_OF_COUNTER = {
  vport_tx_bytes: "nic.vf.rx_bytes",
  vport_rx_bytes: "nic.vf.tx_bytes",
  vport_tx_packets: "nic.vf.rx_packets",
  vport_rx_packets: "nic.vf.tx_packets",
} as const satisfies Record<string, MetricName>;

export async function sampleNics(sampler: Sampler, inventory: Inventory): Promise<void> {
  for (const pf of inventory.nics.flatMap((nic) => nic.pfs)) {
    await sampleNetdev(sampler, "nic.uplink", pf.pciAddress, pf.link.netdev);
    for (const vf of pf.vfs) await sampleVf(sampler, `${pf.pciAddress}/vf${vf.index}`, vf);
  }
}

async function sampleVf(sampler: Sampler, object: string, vf: Vf): Promise<void> {
  const netdev = vf.representor?.netdev;
  if (netdev === undefined) return;
  await sampleNetdev(sampler, "nic.representor", object, netdev);
  const counters = await attempt(() => readEthtoolStats(sampler.host, netdev));
  for (const [counter, metric] of Object.entries(VF_METRIC_OF_COUNTER)) {
    sampler.add(metric, object, counters?.get(counter));
  }
}

/** @see torvalds/linux Documentation/ABI/testing/sysfs-class-net-statistics */
async function sampleNetdev(
  sampler: Sampler,
  prefix: "nic.uplink" | "nic.representor",
  object: string,
  netdev: string,
): Promise<void> {
  for (const counter of COUNTERS) {
    const path = `/sys/class/net/${netdev}/statistics/${counter}`;
    const text = await attempt(() => sampler.host.readFile(path));
    sampler.add(`${prefix}.${counter}`, object, text === undefined ? undefined : Number(text));
  }
}
