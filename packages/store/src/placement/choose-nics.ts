import {
  type AllocatedNic,
  cidrPrefixLength,
  type NetworkId,
  StoreError,
  withPrefix,
} from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { Look } from "./lock-and-look.ts";
import type { PlannedVm } from "./placement-store.ts";
import { type Stock, type StockSources, stockUp } from "./stock.ts";
import { takeAsked } from "./take-asked.ts";
import { type WantedNic, wantedNics } from "./wanted-nic.ts";

const exhausted = (
  reason: "IP_POOL_EXHAUSTED" | "MAC_POOL_EXHAUSTED",
  network: NetworkId,
  pool: { readonly first: string; readonly last: string },
): StoreError => {
  const what = reason === "IP_POOL_EXHAUSTED" ? "IP" : "MAC";
  return new StoreError(reason, `network ${network} has no free ${what} address`, {
    found: `${pool.first} to ${pool.last}, all taken or reserved`,
  });
};

function give(wanted: WantedNic, stock: Stock): AllocatedNic {
  const { vm, index, spec, network, slotMac, asked } = wanted;
  const { bridge, subnet, ipPool, macPool } = network.spec;
  const mac = asked.mac ?? stock.macs.shift();
  if (mac === undefined) throw exhausted("MAC_POOL_EXHAUSTED", spec.network, macPool);
  const address = asked.address ?? stock.addresses.shift();
  if (address === undefined) throw exhausted("IP_POOL_EXHAUSTED", spec.network, ipPool);
  const { pf, vfIndex } = vm.nics[index]!; // a wanted NIC was planned
  return {
    ...{ index, kind: spec.kind, pf, vfIndex, slotMac, mac, network: spec.network },
    address: withPrefix(address, cidrPrefixLength(subnet)),
    bridge,
    queuePairs: spec.queuePairs,
  };
}

export type NicsOutcome =
  | { readonly nics: ReadonlyMap<PlannedVm, readonly AllocatedNic[]> }
  | { readonly error: unknown };

/**
 * MACs and addresses for the NICs of groups of VMs, one outcome a group: the lowest free ones of the pools, or what
 * was asked for. The caller holds the locks of the bridges.
 */
export async function chooseNics(
  session: Session,
  groups: readonly (readonly PlannedVm[])[],
  options: StockSources & { readonly look: Look },
): Promise<readonly NicsOutcome[]> {
  const { look } = options;
  const wanted = groups.map((vms) => vms.flatMap((vm) => wantedNics(vm, look)));
  const failures = await takeAsked(session, wanted);
  const open = wanted.filter((_, at) => failures[at] === undefined).flat();
  const stocks = await stockUp(session, open, options);
  return wanted.map((nics, at): NicsOutcome => {
    if (failures[at] !== undefined) return { error: failures[at] };
    const given = new Map<PlannedVm, AllocatedNic[]>();
    try {
      for (const each of nics) {
        const stock = stocks.get(each.spec.network) ?? { addresses: [], macs: [] };
        const own = given.get(each.vm) ?? [];
        own.push(give(each, stock));
        given.set(each.vm, own);
      }
    } catch (error) {
      return { error };
    }
    return { nics: given };
  });
}
