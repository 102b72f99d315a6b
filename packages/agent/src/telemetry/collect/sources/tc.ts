import { type IngressFilter, listIngressFilters } from "@switchyard/host";
import type { Pf } from "@switchyard/model";
import { type Counted, createGrowth, type Look } from "../growth.ts";
import type { Pass, Source } from "../source.ts";
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
      const looks: Look<string>[] = [];
      for (const pf of pfsOf(pass.inventory)) {
        if (pf.eswitchMode !== "switchdev") continue;
        const read: (readonly IngressFilter[] | undefined)[] = [];
        for (const netdev of netdevsOf(pf)) {
          const filters = await pass.attempt(() => listIngressFilters(pass.host, netdev));
          read.push(filters);
          looks.push({ place: netdev, things: filters?.flatMap((filter) => counted(pf, filter)) });
        }
        addCounts(pass, pf, read);
      }
      growth.take(looks);
      for (const [object, value] of growth.sums()) pass.add("tc.packets", object, value);
    },
  };
}

const counted = (pf: Pf, filter: IngressFilter): readonly Counted<string>[] => [
  { key: `${filter.id} hw`, sum: objectOf(pf, true), value: filter.hardwarePackets },
  { key: `${filter.id} sw`, sum: objectOf(pf, false), value: filter.softwarePackets },
];

/** A PF with a port that could not be read has no count now: half of its rules would look like less. */
function addCounts(
  pass: Pass,
  pf: Pf,
  read: readonly (readonly IngressFilter[] | undefined)[],
): void {
  if (read.includes(undefined)) return;
  const filters = read.flatMap((each) => each ?? []);
  for (const isInHardware of [false, true]) {
    const count = filters.filter((filter) => filter.isInHardware === isInHardware).length;
    pass.add("tc.filters", objectOf(pf, isInHardware), count);
  }
}
