import {
  type HostId,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4ToNumber,
  StoreError,
  withPrefix,
} from "@switchyard/model";
import { and, eq, inArray } from "drizzle-orm";
import { done, type Outcome, refused } from "../connection/outcome.ts";
import type { Session } from "../connection/session.ts";
import { findFreeAddresses } from "../networks/free-address.ts";
import { bridgeAddresses } from "../schema/tables/addresses.ts";
import type { BridgeAddressReservation } from "./host-record.ts";

/** Held while an address is chosen on a bridge, so that hosts and VMs see each other's choice. */
export const lockBridge = (session: Session, bridge: string): Promise<unknown> =>
  session.client.query("SELECT pg_advisory_xact_lock(hashtextextended('bridge ' || $1, 0))", [
    bridge,
  ]);

const keyOf = ({ host, bridge }: { readonly host: string; readonly bridge: string }): string =>
  `${host} ${bridge}`;

/** Addresses that the hosts have and that lie in the ranges asked for. */
async function readKept(
  session: Session,
  reservations: readonly BridgeAddressReservation[],
): Promise<ReadonlyMap<string, Ipv4Address>> {
  if (reservations.length === 0) return new Map();
  const hostIds = [...new Set(reservations.map(({ host }) => host))];
  const rows = await session.db
    .select()
    .from(bridgeAddresses)
    .where(inArray(bridgeAddresses.host, hostIds));
  const known = new Map(rows.map((row) => [keyOf(row), row.address as Ipv4Address]));
  return new Map(
    reservations.flatMap((reservation) => {
      const address = known.get(keyOf(reservation));
      const isKept = address !== undefined && isInRange(address, reservation.range);
      return isKept ? [[keyOf(reservation), address] as const] : [];
    }),
  );
}

/** Those of one bridge and range that have no address. */
function groupsOf(
  reservations: readonly BridgeAddressReservation[],
): readonly (readonly BridgeAddressReservation[])[] {
  const groups = Map.groupBy(
    reservations,
    ({ bridge, range }) => `${bridge} ${range.first} ${range.last}`,
  );
  return [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
}

/** The lowest free addresses, in order of the hosts; too few where the range has no more. */
async function choose(
  session: Session,
  group: readonly BridgeAddressReservation[],
): Promise<ReadonlyMap<string, Ipv4Address>> {
  const [first] = group;
  if (first === undefined) return new Map();
  const { bridge, range } = first;
  await lockBridge(session, bridge);
  const kept = await readKept(session, group);
  const wanted = new Map(group.map((each) => [keyOf(each), each]));
  const open = [...wanted.values()].filter((each) => !kept.has(keyOf(each)));
  if (open.length === 0) return kept;
  const { db } = session;
  const hostIds = open.map(({ host }) => host);
  await db
    .delete(bridgeAddresses)
    .where(and(eq(bridgeAddresses.bridge, bridge), inArray(bridgeAddresses.host, hostIds)));
  const free = await findFreeAddresses(
    session,
    { bridge, vlan: 0, first: range.first, last: range.last },
    { count: open.length, hint: undefined },
  );
  const chosen = open.flatMap(({ host }, index) => {
    const address = free[index];
    return address === undefined
      ? []
      : [{ host, bridge, address, prefixLength: range.prefixLength }];
  });
  if (chosen.length > 0) await db.insert(bridgeAddresses).values(chosen);
  return new Map([...kept, ...chosen.map((each) => [keyOf(each), each.address] as const)]);
}

/**
 * Of several hosts; one outcome for each, in order. Nothing is chosen where a host has one: plans of a whole fleet
 * on one bridge do not wait for each other.
 */
export async function reserveAllBridgeAddresses(
  session: Session,
  reservations: readonly BridgeAddressReservation[],
): Promise<readonly Outcome<Ipv4Cidr>[]> {
  let addresses = await readKept(session, reservations);
  for (const group of groupsOf(reservations.filter((each) => !addresses.has(keyOf(each))))) {
    addresses = new Map([...addresses, ...(await choose(session, group))]);
  }
  return reservations.map((reservation) => {
    const address = addresses.get(keyOf(reservation));
    return address === undefined
      ? refused(noneLeft(reservation))
      : done(withPrefix(address, reservation.range.prefixLength));
  });
}

const noneLeft = ({ host, bridge, range }: BridgeAddressReservation): StoreError =>
  new StoreError(
    "BRIDGE_ADDRESS_POOL_EXHAUSTED",
    `no address left for bridge ${bridge} of host ${host}`,
    { found: `${range.first} to ${range.last}, all taken`, needs: "one address per host" },
  );

function isInRange(
  address: Ipv4Address,
  range: { readonly first: Ipv4Address; readonly last: Ipv4Address },
): boolean {
  const value = ipv4ToNumber(address);
  return value >= ipv4ToNumber(range.first) && value <= ipv4ToNumber(range.last);
}

export async function releaseBridgeAddresses(session: Session, host: HostId): Promise<void> {
  await session.db.delete(bridgeAddresses).where(eq(bridgeAddresses.host, host));
}
