import type { Allocation, HostId, MacAddress, MoveId, PciAddress } from "@switchyard/model";
import { assert } from "@switchyard/model";
import { and, eq } from "drizzle-orm";
import type { Session } from "../connection/session.ts";
import { lockHost } from "../hosts/lock-host.ts";
import { slots } from "../schema/tables/addresses.ts";
import { allocationNics, allocations, vms } from "../schema/tables/vms.ts";
import { usedCapacity } from "../vms/used-capacity.ts";
import type { MoveWrites, TargetOutcome, TargetPlacement } from "./move-queries.ts";

/*
 * What a move holds are rows among the allocations, under a name that no VM can have, so that everybody who
 * looks for room and every constraint sees them.
 */

const holderOf = (move: MoveId): string => `moves/${move}`;

type Refusal = Extract<TargetOutcome, { readonly kind: "refused" }>["why"];

async function checkSlot(
  { db }: Session,
  host: HostId,
  { pf, vfIndex }: { readonly pf: PciAddress; readonly vfIndex: number },
): Promise<{ readonly slotMac: MacAddress } | { readonly why: Refusal }> {
  const isSlot = and(eq(slots.host, host), eq(slots.pf, pf), eq(slots.vfIndex, vfIndex));
  const [slot] = await db
    .select({ mac: slots.mac, holder: allocationNics.vm })
    .from(slots)
    .leftJoin(
      allocationNics,
      and(
        eq(allocationNics.host, slots.host),
        eq(allocationNics.pf, slots.pf),
        eq(allocationNics.vfIndex, slots.vfIndex),
      ),
    )
    .where(isSlot);
  if (slot === undefined) return { why: "slot-unknown" };
  return slot.holder === null ? { slotMac: slot.mac as MacAddress } : { why: "slot-taken" };
}

async function checkCapacity(
  { db }: Session,
  { host, vm, capacity }: TargetPlacement,
): Promise<Refusal | undefined> {
  const used = await usedCapacity(db, host, vm);
  if (used.vcpuCount + vm.allocation.vcpuCount > capacity.vcpuCount) return "vcpu";
  if (used.memoryBytes + vm.allocation.memoryBytes > capacity.memoryBytes) return "memory";
  return undefined;
}

/** The VM's NICs in the slots of another host: addresses and MACs go with it. */
async function seat(
  session: Session,
  { host, slots: places, vm }: TargetPlacement,
): Promise<Allocation["nics"] | { readonly why: Refusal }> {
  const nics: Allocation["nics"][number][] = [];
  for (const nic of vm.allocation.nics) {
    const place = places[nic.index];
    assert(place !== undefined, "a placement has a slot for each NIC");
    const slot = await checkSlot(session, host, place);
    if ("why" in slot) return slot;
    nics.push({ ...nic, pf: place.pf, vfIndex: place.vfIndex, slotMac: slot.slotMac });
  }
  return nics;
}

export async function holdTarget(
  session: Session,
  placement: TargetPlacement,
): Promise<TargetOutcome> {
  const { move, host, vm } = placement;
  await lockHost(session, host);
  const nics = await seat(session, placement);
  if ("why" in nics) return { kind: "refused", why: nics.why };
  const short = await checkCapacity(session, placement);
  if (short !== undefined) return { kind: "refused", why: short };
  const { vcpuCount, memoryBytes } = vm.allocation;
  const allocation = { vm: vm.id, host, vcpuCount, memoryBytes, nics };
  await insertHold(session, move, { ...allocation, hugepageBytes: vm.spec.hugepageBytes });
  return { kind: "held", allocation };
}

async function insertHold(
  session: Session,
  move: MoveId,
  held: Pick<Allocation, "host" | "vcpuCount" | "memoryBytes" | "nics"> & {
    readonly hugepageBytes?: number | undefined;
  },
): Promise<void> {
  const { host, vcpuCount, memoryBytes, hugepageBytes = null } = held;
  const vm = holderOf(move);
  await session.db.insert(allocations).values({ vm, host, vcpuCount, memoryBytes, hugepageBytes });
  for (const { index, kind, pf, vfIndex, slotMac, bridge, queuePairs } of held.nics) {
    await session.db.insert(allocationNics).values({
      ...{ vm, index, kind, host, pf, vfIndex, mac: slotMac, bridge, queuePairs },
      prefixLength: 0,
    });
  }
  session.touchedHosts.add(host);
}

export async function dropHold(session: Session, move: MoveId): Promise<void> {
  const vm = holderOf(move);
  await session.db.delete(allocationNics).where(eq(allocationNics.vm, vm));
  const gone = await session.db.delete(allocations).where(eq(allocations.vm, vm)).returning();
  for (const { host } of gone) session.touchedHosts.add(host as HostId);
}

/** In one order, as all who lock several hosts do. */
async function lockHosts(session: Session, hosts: readonly HostId[]): Promise<void> {
  for (const host of [...new Set(hosts)].sort()) await lockHost(session, host);
}

export async function switchHost(
  session: Session,
  { move, from, to }: Parameters<MoveWrites["switchHost"]>[0],
): Promise<void> {
  await lockHosts(session, [from.host, to.host]);
  await dropHold(session, move);
  const { db } = session;
  await db.update(allocations).set({ host: to.host }).where(eq(allocations.vm, to.vm));
  for (const { index, pf, vfIndex } of to.nics) {
    await db
      .update(allocationNics)
      .set({ host: to.host, pf, vfIndex })
      .where(and(eq(allocationNics.vm, to.vm), eq(allocationNics.index, index)));
  }
  // The boot in which it was last seen to run is another host's.
  await db.update(vms).set({ bootId: null }).where(eq(vms.name, to.vm));
  await insertHold(session, move, { ...from, vcpuCount: 0, memoryBytes: 0 });
  session.touchedHosts.add(to.host);
}
