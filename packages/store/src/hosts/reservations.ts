import { type DesiredSlot, type MacAddress, macToNumber, StoreError } from "@switchyard/model";
import { and, eq, gte, inArray, notExists } from "drizzle-orm";
import { done, type Outcome, refused } from "../connection/outcome.ts";
import type { Session } from "../connection/session.ts";
import { macAddresses, slots } from "../schema/tables/addresses.ts";
import { allocationNics } from "../schema/tables/vms.ts";
import type { HostWrites } from "./host-queries.ts";
import type { SlotReservation } from "./host-record.ts";
import { lockHost, lockHosts } from "./lock-host.ts";

/** Proposals for one slot before the pool counts as full. */
const MAC_PROPOSALS_MAX = 64;

/** A slot that has no MAC yet. */
interface Claim {
  readonly reservation: SlotReservation;
  readonly slot: SlotReservation["slots"][number];
}

const ownerOf = ({ reservation, slot }: Claim): string =>
  `hosts/${reservation.host}/${reservation.pf}/vf${slot.vfIndex}`;

const keyOf = (at: { readonly host: string; readonly pf: string; readonly vfIndex: number }) =>
  `${at.host} ${at.pf} ${at.vfIndex}`;

const claimKey = ({ reservation: { host, pf }, slot: { vfIndex } }: Claim): string =>
  keyOf({ host, pf, vfIndex });

/** Takes those MACs that were free in the whole fleet. */
async function takeMacs(
  session: Session,
  wanted: ReadonlyMap<MacAddress, Claim>,
): Promise<ReadonlySet<MacAddress>> {
  if (wanted.size === 0) return new Set();
  const taken = await session.db
    .insert(macAddresses)
    .values(
      [...wanted].map(([mac, claim]) => ({
        ...{ mac, number: macToNumber(mac) },
        ...{ ownerKind: "slot" as const, owner: ownerOf(claim) },
      })),
    )
    .onConflictDoNothing()
    .returning({ mac: macAddresses.mac });
  return new Set(taken.map(({ mac }) => mac as MacAddress));
}

/** What a slot asks for at its n-th try: the MAC that is fixed or preferred, then ones by chance. */
function proposalOf({ reservation, slot }: Claim, tried: number): MacAddress {
  const first = slot.fixedMac ?? slot.preferredMac;
  return tried === 0 && first !== undefined ? first : reservation.proposeMac();
}

/** MACs for the claims, by their keys; those without one are not in it. */
async function chooseMacs(
  session: Session,
  claims: readonly Claim[],
): Promise<ReadonlyMap<string, MacAddress>> {
  const chosen = new Map<string, MacAddress>();
  let open = claims;
  for (let tried = 0; open.length > 0 && tried <= MAC_PROPOSALS_MAX; tried += 1) {
    const wanted = new Map<MacAddress, Claim>();
    for (const claim of open) {
      const mac = proposalOf(claim, tried);
      if (!wanted.has(mac)) wanted.set(mac, claim);
    }
    const taken = await takeMacs(session, wanted);
    for (const [mac, claim] of wanted) if (taken.has(mac)) chosen.set(claimKey(claim), mac);
    open = open.filter(
      (claim) => claim.slot.fixedMac === undefined && !chosen.has(claimKey(claim)),
    );
  }
  return chosen;
}

function noMac(claim: Claim): StoreError {
  const { fixedMac } = claim.slot;
  const owner = ownerOf(claim);
  if (fixedMac === undefined) {
    return new StoreError("MAC_POOL_EXHAUSTED", `no free MAC address for ${owner}`, {
      found: `${MAC_PROPOSALS_MAX} proposals, all taken`,
    });
  }
  return new StoreError("MAC_TAKEN", `${fixedMac} of ${owner} is in use in the fleet`, {
    found: fixedMac,
    needs: "a MAC address that no other slot or VM has",
  });
}

async function readKept(
  session: Session,
  reservations: readonly SlotReservation[],
): Promise<Map<string, MacAddress>> {
  const hostIds = [...new Set(reservations.map(({ host }) => host))];
  const rows = await session.db.select().from(slots).where(inArray(slots.host, hostIds));
  return new Map(rows.map((row) => [keyOf(row), row.mac as MacAddress]));
}

const claimsOf = (reservation: SlotReservation): readonly Claim[] =>
  reservation.slots.map((slot) => ({ reservation, slot }));

/** Of several ports, hosts or both; one outcome for each, in order. */
export async function reserveAllSlots(
  session: Session,
  reservations: readonly SlotReservation[],
): Promise<readonly Outcome<readonly DesiredSlot[]>[]> {
  await lockHosts(
    session,
    reservations.map(({ host }) => host),
  );
  const macs = await readKept(session, reservations);
  const claims = new Map(reservations.flatMap(claimsOf).map((claim) => [claimKey(claim), claim]));
  const open = [...claims.values()].filter((claim) => !macs.has(claimKey(claim)));
  const chosen = await chooseMacs(session, open);
  const fresh = open.flatMap((claim) => {
    const mac = chosen.get(claimKey(claim));
    const { host, pf } = claim.reservation;
    return mac === undefined ? [] : [{ host, pf, vfIndex: claim.slot.vfIndex, mac }];
  });
  if (fresh.length > 0) await session.db.insert(slots).values(fresh);
  for (const slot of fresh) macs.set(keyOf(slot), slot.mac);
  return reservations.map((reservation) => {
    const own = claimsOf(reservation);
    const without = own.find((claim) => !macs.has(claimKey(claim)));
    if (without !== undefined) return refused(noMac(without));
    const reserved = own.map((claim) => ({
      vfIndex: claim.slot.vfIndex,
      mac: macs.get(claimKey(claim)) as MacAddress, // none is without
    }));
    return done(reserved);
  });
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
