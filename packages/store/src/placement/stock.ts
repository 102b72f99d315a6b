import type { Ipv4Address, MacAddress, NetworkId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import { findFreeAddresses, findFreeMacs, segmentOf } from "../networks/free-address.ts";
import type { LockedNetwork } from "./lock-and-look.ts";
import type { FreeOnes, Guessed, PoolHints } from "./pool-hints.ts";
import type { WantedNic } from "./wanted-nic.ts";

/** Free addresses and MACs of a network, as many as are wanted if there are; each is given once. */
export interface Stock {
  readonly addresses: Ipv4Address[];
  readonly macs: MacAddress[];
}

/** Where free addresses are known, or are to be looked for. */
export interface StockSources {
  readonly hints: PoolHints;
  /** What was looked for with the locks. */
  readonly guessed: Guessed;
}

const inSegment = ({ spec }: LockedNetwork): string => {
  const { bridge, vlan } = segmentOf(spec);
  return `${bridge} ${vlan} `;
};

/** Stock for the NICs, by network. The caller holds the locks of the bridges. */
export async function stockUp(
  session: Session,
  nics: readonly WantedNic[],
  sources: StockSources,
): Promise<ReadonlyMap<NetworkId, Stock>> {
  const stocks = new Map<NetworkId, Stock>();
  // Pools may overlap, and hold what others were given because they asked for it.
  const seen = new Set<string>();
  for (const { asked, network } of nics) {
    if (asked.mac !== undefined) seen.add(asked.mac);
    if (asked.address !== undefined) seen.add(inSegment(network) + asked.address);
  }
  for (const [id, wanted] of Map.groupBy(nics, ({ spec }) => spec.network)) {
    const { network } = wanted[0]!; // a group has a member
    const where = inSegment(network);
    const pick = ({ addresses, macs }: FreeOnes): Stock => ({
      addresses: addresses.filter((each) => !seen.has(where + each)).slice(0, wanted.length),
      macs: macs.filter((each) => !seen.has(each)).slice(0, wanted.length),
    });
    const count = wanted.length + seen.size;
    const stock = await stockOf(
      session,
      { id, network, count, pick, atLeast: wanted.length },
      sources,
    );
    for (const each of stock.addresses) seen.add(where + each);
    for (const each of stock.macs) seen.add(each);
    stocks.set(id, stock);
  }
  return stocks;
}

interface Search {
  readonly id: NetworkId;
  readonly network: LockedNetwork;
  /** Free ones to look for: some may have been given to others of the batch. */
  readonly count: number;
  readonly pick: (free: FreeOnes) => Stock;
  readonly atLeast: number;
}

/** What was guessed where that is enough, else what a search finds. */
async function stockOf(
  session: Session,
  { id, network, count, pick, atLeast }: Search,
  { hints, guessed }: StockSources,
): Promise<Stock> {
  const beganAtMs = session.clock.monotonicMs();
  const free = guessed.of(id, network);
  const likely = free && pick(free);
  const isEnough = likely !== undefined && isAtLeast(likely, atLeast);
  const stock = isEnough
    ? likely
    : pick(await search(session, network, { count, hint: hints.find(id) }));
  const address = stock.addresses.at(-1);
  const mac = stock.macs.at(-1);
  if (address !== undefined && mac !== undefined) {
    const searchMs = session.clock.monotonicMs() - beganAtMs;
    hints.note(id, network, { address, mac, searchMs });
  }
  return stock;
}

const isAtLeast = ({ addresses, macs }: Stock, count: number): boolean =>
  addresses.length >= count && macs.length >= count;

async function search(
  session: Session,
  { spec }: LockedNetwork,
  wanted: { readonly count: number; readonly hint: ReturnType<PoolHints["find"]> },
): Promise<FreeOnes> {
  const { count, hint } = wanted;
  const pool = { ...segmentOf(spec), ...spec.ipPool };
  return {
    addresses: await findFreeAddresses(session, pool, { count, hint: hint?.address }),
    macs: await findFreeMacs(session, spec.macPool, { count, hint: hint?.mac }),
  };
}
