import { listIngressFilters } from "@switchyard/host";
import type { Pf } from "@switchyard/model";
import { createGrowth } from "../growth.ts";
import type { Source } from "../source.ts";
import { pfsOf } from "./netdevs.ts";

const netdevsOf = (pf: Pf): readonly string[] => [
  pf.link.netdev,
  ...pf.vfs.flatMap(({ representor }) => representor?.netdev ?? []),
];

const objectOf = (pf: Pf, isInHardware: boolean): string =>
  `${pf.pciAddress}/${isInHardware ? "yes" : "no"}`;

/**
 * Rules that Open vSwitch hung on the ports of each PF, and what they handled since the agent started. A rule that
 * the card has may have handled its first packets in software, so packets are told apart by who handled them.
 */
export function tcSource(): Source {
  const growth = createGrowth<string>();
  return {
    name: "tc filters",
    rate: "5s",
    read: async (pass) => {
      const { ovs } = pass.inventory;
      // Only hw-offload makes Open vSwitch use tc.
      if (ovs?.isRunning !== true || !ovs.hwOffload) return;
      const things: { key: string; sum: string; value: number }[] = [];
      for (const pf of pfsOf(pass.inventory)) {
        if (pf.eswitchMode !== "switchdev") continue;
        const counts = [0, 0];
        for (const netdev of netdevsOf(pf)) {
          const filters = await pass.attempt(() => listIngressFilters(pass.host, netdev));
          for (const filter of filters ?? []) {
            counts[filter.isInHardware ? 1 : 0] = (counts[filter.isInHardware ? 1 : 0] ?? 0) + 1;
            const { hardwarePackets, softwarePackets } = filter;
            const key = `${netdev} ${filter.id}`;
            things.push(
              { key: `${key} hw`, sum: objectOf(pf, true), value: hardwarePackets },
              { key: `${key} sw`, sum: objectOf(pf, false), value: softwarePackets },
            );
          }
        }
        pass.add("tc.filters", objectOf(pf, false), counts[0]);
        pass.add("tc.filters", objectOf(pf, true), counts[1]);
      }
      growth.take(things);
      for (const [object, value] of growth.sums()) pass.add("tc.packets", object, value);
    },
  };
}
