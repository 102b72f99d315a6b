import {
  type DesiredSlot,
  type HostId,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4ToNumber,
  type MacAddress,
  macToNumber,
  StoreError,
  withPrefix,
} from "@switchyard/model";
import { and, eq, gte, notExists } from "drizzle-orm";
import type { Session } from "../connection/session.ts";
import { findFreeAddress } from "../networks/free-address.ts";
import { bridgeAddresses, macAddresses, slots } from "../schema/tables/addresses.ts";
import { allocationNics } from "../schema/tables/vms.ts";
import type { HostWrites } from "./host-queries.ts";
import type { BridgeAddressReservation, SlotReservation } from "./host-record.ts";
import { lockHost } from "./lock-host.ts";

/** Proposals for one slot before the pool counts as full. */
const MAC_PROPOSALS_MAX = 64;

const slotName = (reservation: SlotReservation, vfIndex: number): string =>
  `hosts/${reservation.host}/${reservation.pf}/vf${vfIndex}`;

/** Whether the MAC was free in the whole fleet and is taken now. */
async function takeMac(session: Session, mac: MacAddress, owner: string): Promise<boolean> {
  const taken = await session.db
    .insert(macAddresses)
    .values({ mac, number: macToNumber(mac), ownerKind: "slot", owner })
    .onConflictDoNothing()
    .returning({ mac: macAddresses.mac });
  return taken.length > 0;
}

async function chooseMac(
  session: Session,
  reservation: SlotReservation,
  slot: SlotReservation["slots"][number],
): Promise<MacAddress> {
  const owner = slotName(reservation, slot.vfIndex);
  if (slot.fixedMac !== undefined) {
    if (await takeMac(session, slot.fixedMac, owner)) return slot.fixedMac;
    throw new StoreError("MAC_TAKEN", `${slot.fixedMac} of ${owner} is in use in the fleet`, {
      found: slot.fixedMac,
      needs: "a MAC address that no other slot or VM has",
    });
  }
  const { preferredMac } = slot;
  if (preferredMac !== undefined && (await takeMac(session, preferredMac, owner))) {
    return preferredMac;
  }
  for (let tried = 0; tried < MAC_PROPOSALS_MAX; tried += 1) {
    const mac = reservation.proposeMac();
    if (await takeMac(session, mac, owner)) return mac;
  }
  throw new StoreError("MAC_POOL_EXHAUSTED", `no free MAC address for ${owner}`, {
    found: `${MAC_PROPOSALS_MAX} proposals, all taken`,
  });
}

export async function reserveSlots(
  session: Session,
  reservation: SlotReservation,
): Promise<readonly DesiredSlot[]> {
  const { host, pf } = reservation;
  await lockHost(session, host);
  const rows = await session.db
    .select({ vfIndex: slots.vfIndex, mac: slots.mac })
    .from(slots)
    .where(and(eq(slots.host, host), eq(slots.pf, pf)));
  const kept = new Map(rows.map((row) => [row.vfIndex, row.mac as MacAddress]));
  const desired: DesiredSlot[] = [];
  for (const slot of reservation.slots) {
    let mac = kept.get(slot.vfIndex);
    if (mac === undefined) {
      mac = await chooseMac(session, reservation, slot);
      await session.db.insert(slots).values({ host, pf, vfIndex: slot.vfIndex, mac });
    }
    desired.push({ vfIndex: slot.vfIndex, mac });
  }
  return desired;
}

export async function releaseSlots(
  session: Session,
  which: Parameters<HostWrites["releaseSlots"]>[0],
): Promise<void> {
  const { db } = session;
  await lockHost(session, which.host);
  const holder = db
    .select({ vm: allocationNics.vm })
    .from(allocationNics)
    .where(
      and(
        eq(allocationNics.host, slots.host),
        eq(allocationNics.pf, slots.pf),
        eq(allocationNics.vfIndex, slots.vfIndex),
      ),
    );
  const released = await db
    .delete(slots)
    .where(
      and(
        eq(slots.host, which.host),
        which.pf === undefined ? undefined : eq(slots.pf, which.pf),
        which.fromIndex === undefined ? undefined : gte(slots.vfIndex, which.fromIndex),
        notExists(holder),
      ),
    )
    .returning({ mac: slots.mac });
  for (const { mac } of released) await db.delete(macAddresses).where(eq(macAddresses.mac, mac));
}

/** Held while an address is chosen on a bridge, so that hosts and VMs see each other's choice. */
export const lockBridge = (session: Session, bridge: string): Promise<unknown> =>
  session.client.query("SELECT pg_advisory_xact_lock(hashtextextended('bridge ' || $1, 0))", [
    bridge,
  ]);

export async function reserveBridgeAddress(
  session: Session,
  reservation: BridgeAddressReservation,
): Promise<Ipv4Cidr> {
  const { host, bridge, range } = reservation;
  const { db } = session;
  const key = and(eq(bridgeAddresses.host, host), eq(bridgeAddresses.bridge, bridge));
  const findKept = async () => {
    const [row] = await db.select().from(bridgeAddresses).where(key);
    const address = row?.address as Ipv4Address | undefined;
    return address !== undefined && isInRange(address, range) ? address : undefined;
  };
  // Nothing is chosen where the host has one: plans of a whole fleet on one bridge do not wait for each other.
  const known = await findKept();
  if (known !== undefined) return withPrefix(known, range.prefixLength);
  await lockBridge(session, bridge);
  const kept = await findKept();
  if (kept !== undefined) return withPrefix(kept, range.prefixLength);
  await db.delete(bridgeAddresses).where(key);
  const address = await findFreeAddress(session, {
    bridge,
    vlan: 0,
    first: range.first,
    last: range.last,
  });
  if (address === undefined) {
    throw new StoreError(
      "BRIDGE_ADDRESS_POOL_EXHAUSTED",
      `no address left for bridge ${bridge} of host ${host}`,
      { found: `${range.first} to ${range.last}, all taken`, needs: "one address per host" },
    );
  }
  await db
    .insert(bridgeAddresses)
    .values({ host, bridge, address, prefixLength: range.prefixLength });
  return withPrefix(address, range.prefixLength);
}

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
