import type { MetricName, ObservedVm } from "@switchyard/model";
import { createLastingSums } from "../lasting-sums.ts";
import type { Pass } from "../source.ts";
import { COUNTERS, type SampledVf } from "./netdevs.ts";
import { vmsOf } from "./system.ts";
import type { VfTraffic } from "./vports.ts";

type Metric = Extract<MetricName, `vm.${string}`>;
const SLOW_PATH: Metric = "vm.slow_path_packets";

/** VFs that a VM's NICs stand on; undefined where one of them is not known. */
function vfsOf({ nics }: ObservedVm, vfs: readonly SampledVf[]): readonly SampledVf[] | undefined {
  const found = nics.map(({ vhostPath, pciAddress }) =>
    vfs.find(({ vf }) =>
      vhostPath === "" ? vf.pciAddress === pciAddress : vf.vdpa?.vhostPath === vhostPath,
    ),
  );
  return found.every((vf) => vf !== undefined) ? found : undefined;
}

/** All the packets that the host's CPU handled of a VF's. */
const slowPackets = ({ software }: VfTraffic): number | undefined => {
  const { rx_packets: rx, tx_packets: tx } = software ?? {};
  return rx === undefined || tx === undefined ? undefined : rx + tx;
};

/**
 * Traffic of each VM: of the VFs that its NICs stand on. It counts from when the agent saw the VM on the VF first,
 * since a VF's own counters go on from one VM to the next.
 */
export function createVmTraffic() {
  const sums = createLastingSums();

  /** A VM with a NIC that could not be read now has no figure now: half of its traffic would look like less. */
  const take = (
    vm: string,
    metric: Metric,
    read: readonly (readonly [string, number | undefined])[],
  ): number | undefined => {
    for (const [key, value] of read) {
      if (value !== undefined) sums.take(metric, vm, { thing: `${vm} ${key}`, value });
    }
    return read.some(([, value]) => value === undefined) ? undefined : sums.valueOf(metric, vm);
  };

  return {
    tell: (pass: Pass, vfs: readonly SampledVf[], traffic: ReadonlyMap<string, VfTraffic>) => {
      const vms = vmsOf(pass).flatMap((vm) => {
        const own = vfsOf(vm, vfs);
        return own === undefined || own.length === 0 ? [] : [{ name: vm.vm, own }];
      });
      sums.keepOnly(
        new Set(vms.flatMap(({ name, own }) => own.map(({ key }) => `${name} ${key}`))),
      );
      for (const { name, own } of vms) {
        const of = (read: (traffic: VfTraffic) => number | undefined) =>
          own.map(({ key }) => {
            const seen = traffic.get(key);
            return [key, seen === undefined ? undefined : read(seen)] as const;
          });
        for (const counter of COUNTERS) {
          const metric: Metric = `vm.${counter}`;
          pass.add(
            metric,
            name,
            take(
              name,
              metric,
              of(({ total }) => total?.[counter]),
            ),
          );
        }
        pass.add(SLOW_PATH, name, take(name, SLOW_PATH, of(slowPackets)));
      }
    },
  };
}
