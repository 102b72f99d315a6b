import {
  type AllocatedNic,
  cidrPrefixLength,
  type Ipv4Address,
  type MacAddress,
  type NetworkId,
  type NicSpec,
  StoreError,
  withPrefix,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Session } from "../connection/session.ts";
import { findFreeAddresses, findFreeMacs, segmentOf } from "../networks/free-address.ts";
import { type LockedNetwork, type Look, slotKey } from "./lock-and-look.ts";
import type { PlannedVm } from "./placement-store.ts";
import { takeAsked } from "./take-asked.ts";

/** How long it is remembered where a pool was last searched: what is freed below comes into use then. */
const HINT_MS = 1_000;

interface Hint {
  readonly address: Ipv4Address;
  readonly mac: MacAddress;
  readonly untilMs: number;
}

/** Where the search for free addresses begins, by network; a guess, and never more. */
export interface PoolHints {
  find(network: NetworkId): Hint | undefined;
  note(network: NetworkId, last: { readonly address: Ipv4Address; readonly mac: MacAddress }): void;
}

export function createPoolHints(clock: Clock): PoolHints {
  const hints = new Map<NetworkId, Hint>();
  return {
    find: (network) => {
      const hint = hints.get(network);
      return hint !== undefined && clock.monotonicMs() < hint.untilMs ? hint : undefined;
    },
    note: (network, last) => {
      const known = hints.get(network);
      const nowMs = clock.monotonicMs();
      // Kept from when the whole pool was last searched, so that gaps are found again in time.
      const isKnown = known !== undefined && nowMs < known.untilMs;
      hints.set(network, { ...last, untilMs: isKnown ? known.untilMs : nowMs + HINT_MS });
    },
  };
}

/** Free addresses and MACs of the networks, as many as are wanted if there are. */
interface Stock {
  readonly addresses: Ipv4Address[];
  readonly macs: MacAddress[];
}

/** One NIC that is to be given what it needs. */
export interface WantedNic {
  readonly vm: PlannedVm;
  readonly index: number;
  readonly spec: NicSpec;
  readonly network: LockedNetwork;
  readonly slotMac: MacAddress;
  /** What was asked for, or is bound to the VM or its slot: taken as such or not at all. */
  readonly asked: {
    readonly mac: MacAddress | undefined;
    readonly address: Ipv4Address | undefined;
  };
}

function wantedNics(vm: PlannedVm, look: Look): readonly WantedNic[] {
  return vm.spec.nics.flatMap((spec, index) => {
    const nic = vm.nics[index];
    const network = look.networks.get(spec.network);
    const slot = nic && look.slots.get(slotKey({ ...nic, host: vm.host }));
    if (nic === undefined || network === undefined || slot === undefined) return [];
    const reserved = network.spec.reservations.find((each) => each.vm === vm.id)?.address;
    const asked = { mac: nic.mac, address: nic.address ?? reserved };
    return [{ vm, index, spec, network, slotMac: slot.mac, asked }];
  });
}

const inSegment = ({ spec }: LockedNetwork): string => {
  const { bridge, vlan } = segmentOf(spec);
  return `${bridge} ${vlan} `;
};

async function stockUp(
  session: Session,
  nics: readonly WantedNic[],
  hints: PoolHints,
): Promise<ReadonlyMap<NetworkId, Stock>> {
  const stocks = new Map<NetworkId, Stock>();
  // Pools may overlap, and hold what others were given because they asked for it.
  const seen = new Set<string>();
  for (const { asked, network } of nics) {
    if (asked.mac !== undefined) seen.add(asked.mac);
    if (asked.address !== undefined) seen.add(inSegment(network) + asked.address);
  }
  for (const [id, wanted] of Map.groupBy(nics, ({ spec }) => spec.network)) {
    const { spec } = wanted[0]!.network; // a group has a member
    const hint = hints.find(id);
    const count = wanted.length + seen.size;
    const addresses = await findFreeAddresses(
      session,
      { ...segmentOf(spec), ...spec.ipPool },
      { count, hint: hint?.address },
    );
    const macs = await findFreeMacs(session, spec.macPool, { count, hint: hint?.mac });
    const where = inSegment(wanted[0]!.network);
    const stock = {
      addresses: addresses.filter((each) => !seen.has(where + each)).slice(0, wanted.length),
      macs: macs.filter((each) => !seen.has(each)).slice(0, wanted.length),
    };
    for (const each of stock.addresses) seen.add(where + each);
    for (const each of stock.macs) seen.add(each);
    stocks.set(id, stock);
    const last = { address: stock.addresses.at(-1), mac: stock.macs.at(-1) };
    if (last.address !== undefined && last.mac !== undefined) {
      hints.note(id, { address: last.address, mac: last.mac });
    }
  }
  return stocks;
}

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
  options: { readonly look: Look; readonly hints: PoolHints },
): Promise<readonly NicsOutcome[]> {
  const { look, hints } = options;
  const wanted = groups.map((vms) => vms.flatMap((vm) => wantedNics(vm, look)));
  const failures = await takeAsked(session, wanted);
  const open = wanted.filter((_, at) => failures[at] === undefined).flat();
  const stocks = await stockUp(session, open, hints);
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
