import type { Inventory, MetricName, Pf, Vf } from "@switchyard/model";
import type { LastingSums } from "../lasting-sums.ts";
import type { Pass, Source } from "../source.ts";

/** Above it, VFs are added up for each PF, so that a host stays within its budget of series. */
export const SINGLE_VFS_MAX = 64;
/** Stands for the index of a VF in the object of all VFs of a PF. */
export const ALL_VFS = "vfall";

export const pfsOf = ({ nics }: Inventory): readonly Pf[] => nics.flatMap((nic) => nic.pfs);

/** A VF, and what its samples are of: itself, or all VFs of its PF. */
export interface SampledVf {
  /** Of its own, whatever its samples are of. */
  readonly key: string;
  readonly object: string;
  readonly isSingle: boolean;
  readonly pf: Pf;
  readonly vf: Vf;
}

export function sampledVfs(inventory: Inventory): readonly SampledVf[] {
  const pfs = pfsOf(inventory);
  const isSingle = pfs.reduce((sum, pf) => sum + pf.vfs.length, 0) <= SINGLE_VFS_MAX;
  return pfs.flatMap((pf) =>
    pf.vfs.map((vf) => {
      const key = `${pf.pciAddress}/vf${vf.index}`;
      return { key, object: isSingle ? key : `${pf.pciAddress}/${ALL_VFS}`, isSingle, pf, vf };
    }),
  );
}

/** Tells a VF's counter, or adds it to those of all VFs of the PF. */
export function addOfVf(
  pass: Pass,
  sums: LastingSums,
  { key, object, isSingle }: SampledVf,
  counter: { readonly metric: MetricName; readonly value: number | undefined },
): void {
  const { metric, value } = counter;
  if (isSingle) pass.add(metric, object, value);
  else if (value !== undefined) sums.take(metric, object, { thing: key, value });
}

export const COUNTERS = ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets"] as const;
export type Counter = (typeof COUNTERS)[number];

/** @see torvalds/linux Documentation/ABI/testing/sysfs-class-net-statistics */
export async function readStatistic(
  pass: Pass,
  netdev: string,
  counter: Counter,
): Promise<number | undefined> {
  const path = `/sys/class/net/${netdev}/statistics/${counter}`;
  const text = await pass.attempt(() => pass.host.readFile(path));
  return text === undefined ? undefined : Number(text);
}

/** What the kernel counts at the netdevs of PFs. */
export const netdevSource = (): Source => ({
  name: "netdev statistics",
  rate: "1s",
  read: async (pass) => {
    for (const { pciAddress, link } of pfsOf(pass.inventory)) {
      for (const counter of COUNTERS) {
        const value = await readStatistic(pass, link.netdev, counter);
        pass.add(`nic.uplink.${counter}`, pciAddress, value);
      }
    }
  },
});
