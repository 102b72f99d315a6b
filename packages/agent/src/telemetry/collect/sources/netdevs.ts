import type { Inventory, MetricName, Pf, Vf } from "@switchyard/model";
import type { Pass, Source } from "../source.ts";

/** Above it, VFs are added up for each PF, so that a host stays within its budget of series. */
export const SINGLE_VFS_MAX = 64;
/** Stands for the index of a VF in the object of all VFs of a PF. */
const ALL_VFS = "vfall";

export const pfsOf = ({ nics }: Inventory): readonly Pf[] => nics.flatMap((nic) => nic.pfs);

export interface SampledVf {
  readonly object: string;
  readonly vf: Vf;
  readonly representor: string;
}

/** VFs that have a representor, each with the object that its samples are of. */
export function sampledVfs(inventory: Inventory): readonly SampledVf[] {
  const pfs = pfsOf(inventory);
  const isSingle = pfs.reduce((sum, pf) => sum + pf.vfs.length, 0) <= SINGLE_VFS_MAX;
  return pfs.flatMap((pf) =>
    pf.vfs.flatMap((vf) => {
      const representor = vf.representor?.netdev;
      const name = isSingle ? `vf${vf.index}` : ALL_VFS;
      return representor === undefined
        ? []
        : [{ object: `${pf.pciAddress}/${name}`, vf, representor }];
    }),
  );
}

/** Samples that several things of one object add up to. */
export class ObjectSums {
  readonly #sums = new Map<string, { metric: MetricName; object: string; value: number }>();

  add(metric: MetricName, object: string, value: number | undefined): void {
    if (value === undefined) return;
    const key = `${metric} ${object}`;
    const known = this.#sums.get(key);
    if (known === undefined) this.#sums.set(key, { metric, object, value });
    else known.value += value;
  }

  flush(pass: Pass): void {
    for (const { metric, object, value } of this.#sums.values()) pass.add(metric, object, value);
  }
}

const COUNTERS = ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets"] as const;

/** @see torvalds/linux Documentation/ABI/testing/sysfs-class-net-statistics */
async function readStatistic(pass: Pass, netdev: string, counter: string) {
  const path = `/sys/class/net/${netdev}/statistics/${counter}`;
  const text = await pass.attempt(() => pass.host.readFile(path));
  return text === undefined ? undefined : Number(text);
}

/** What the kernel counts at the netdevs of PFs and at representors: what the host's CPU handled. */
export const netdevSource = (): Source => ({
  name: "netdev statistics",
  rate: "1s",
  read: async (pass) => {
    const sums = new ObjectSums();
    for (const counter of COUNTERS) {
      for (const { pciAddress, link } of pfsOf(pass.inventory)) {
        const value = await readStatistic(pass, link.netdev, counter);
        pass.add(`nic.uplink.${counter}`, pciAddress, value);
      }
      for (const { object, representor } of sampledVfs(pass.inventory)) {
        const value = await readStatistic(pass, representor, counter);
        sums.add(`nic.representor.${counter}`, object, value);
      }
    }
    sums.flush(pass);
  },
});
