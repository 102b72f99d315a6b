import {
  assert,
  cidrPrefixLength,
  type Ipv4Address,
  type MacAddress,
  macToNumber,
  type NetworkId,
  StoreError,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, eq, sql } from "drizzle-orm";
import { note, type Session } from "../connection/session.ts";
import { lockHost } from "../hosts/lock-host.ts";
import { lockBridge } from "../hosts/reservations.ts";
import { findHolders } from "../networks/address-holders.ts";
import { findFreeAddress, findFreeMac, segmentOf } from "../networks/free-address.ts";
import type { NetworkRecord } from "../networks/network-queries.ts";
import { findNetwork, networkNotFound } from "../networks/network-rows.ts";
import { allocations, ipAddresses, macAddresses, networks, slots, vms } from "../schema/tables.ts";
import type { PlacementOutcome, VmPlacement } from "./vm-queries.ts";
import { findVm } from "./vm-rows.ts";

/** Times another transaction may take the MAC that was found free. */
const MAC_TRIES_MAX = 16;

type Refusal = Extract<PlacementOutcome, { kind: "refused" }>["why"];

/** Whether the host, whose row is locked, still has room; the slot's own MAC when it has. */
async function checkRoom(
  session: Session,
  placement: VmPlacement,
): Promise<{ readonly slotMac: MacAddress } | { readonly why: Refusal }> {
  const { db } = session;
  const { host, pf, vfIndex, spec, capacity } = placement;
  const [slot] = await db
    .select({ mac: slots.mac, vm: allocations.vm })
    .from(slots)
    .leftJoin(
      allocations,
      and(
        eq(allocations.host, slots.host),
        eq(allocations.pf, slots.pf),
        eq(allocations.vfIndex, slots.vfIndex),
      ),
    )
    .where(and(eq(slots.host, host), eq(slots.pf, pf), eq(slots.vfIndex, vfIndex)));
  if (slot === undefined) return { why: "slot-unknown" };
  if (slot.vm !== null) return { why: "slot-taken" };
  const [used] = await db
    .select({
      vcpus: sql<number>`coalesce(sum(${allocations.vcpuCount}), 0)::float8`,
      memory: sql<number>`coalesce(sum(${allocations.memoryBytes}), 0)::float8`,
    })
    .from(allocations)
    .where(eq(allocations.host, host));
  assert(used !== undefined, "an aggregate has one row");
  if (used.vcpus + spec.vcpuCount > capacity.vcpuCount) return { why: "vcpu" };
  if (used.memory + spec.memoryBytes > capacity.memoryBytes) return { why: "memory" };
  return { slotMac: slot.mac as MacAddress };
}

async function tryTakeMac(session: Session, mac: MacAddress, vm: string): Promise<boolean> {
  const taken = await session.db
    .insert(macAddresses)
    .values({ mac, number: macToNumber(mac), ownerKind: "vm", owner: `vms/${vm}` })
    .onConflictDoNothing()
    .returning({ mac: macAddresses.mac });
  return taken.length > 0;
}

async function takeMac(
  session: Session,
  placement: VmPlacement,
  from: { readonly network: NetworkRecord; readonly slotMac: MacAddress },
): Promise<MacAddress> {
  const { mac, id } = placement;
  // Where hardware fixes the MAC, the VM has its slot's; it stays the slot's and is unique already.
  if (mac !== undefined && mac === from.slotMac) return mac;
  if (mac !== undefined) {
    if (await tryTakeMac(session, mac, id)) return mac;
    throw new StoreError("MAC_TAKEN", `${mac} is in use in the fleet`, { found: mac });
  }
  for (let tried = 0; tried < MAC_TRIES_MAX; tried += 1) {
    const free = await findFreeMac(session, from.network.spec.macPool);
    if (free === undefined) break;
    if (await tryTakeMac(session, free, id)) return free;
  }
  const { first, last } = from.network.spec.macPool;
  throw new StoreError("MAC_POOL_EXHAUSTED", `network ${from.network.id} has no free MAC address`, {
    found: `${first} to ${last}, all taken`,
  });
}

async function addressTaken(
  session: Session,
  { id, spec }: NetworkRecord,
  address: Ipv4Address,
): Promise<StoreError> {
  const [holder] = await findHolders(session, { network: spec, addresses: [address] });
  return new StoreError("IP_TAKEN", `${address} of network ${id} is taken`, {
    found: holder?.holder ?? address,
    needs: "an address that nobody in the segment has",
  });
}

async function takeAddress(
  session: Session,
  placement: VmPlacement,
  network: NetworkRecord,
): Promise<Ipv4Address> {
  const { bridge, ipPool, reservations } = network.spec;
  await lockBridge(session, bridge);
  const vm = placement.id;
  const wanted = placement.address ?? reservations.find((each) => each.vm === vm)?.address;
  const address = await findFreeAddress(session, {
    ...segmentOf(network.spec),
    first: wanted ?? ipPool.first,
    last: wanted ?? ipPool.last,
    vm,
  });
  if (address === undefined && wanted !== undefined) {
    throw await addressTaken(session, network, wanted);
  }
  if (address === undefined) {
    throw new StoreError("IP_POOL_EXHAUSTED", `network ${network.id} has no free IP address`, {
      found: `${ipPool.first} to ${ipPool.last}, all taken or reserved`,
    });
  }
  await session.db.insert(ipAddresses).values({ network: network.id, address, vm: placement.id });
  return address;
}

async function insertVm(session: Session, placement: VmPlacement): Promise<void> {
  const inserted = await session.db
    .insert(vms)
    .values({
      name: placement.id,
      uid: newUuid(session.clock, session.random),
      spec: placement.spec,
      image: placement.spec.boot.kind === "image" ? placement.spec.boot.image : null,
      state: "starting",
      job: placement.job ?? null,
    })
    .onConflictDoNothing()
    .returning({ name: vms.name });
  if (inserted.length === 0) {
    throw new StoreError("NAME_TAKEN", `VM ${placement.id} exists`, { found: placement.id });
  }
}

/** Keeps the network from being deleted until the transaction ends; others may place on it meanwhile. */
async function lockNetwork(session: Session, id: NetworkId): Promise<NetworkRecord | undefined> {
  await session.db
    .select({ name: networks.name })
    .from(networks)
    .where(eq(networks.name, id))
    .for("key share");
  return findNetwork(session.db, id);
}

/**
 * Places one VM. The host's row is locked first: of two placements on one host the second sees what the
 * first took. Unique constraints stand behind it.
 */
export async function placeVm(session: Session, placement: VmPlacement): Promise<PlacementOutcome> {
  const { id, spec, host, pf, vfIndex } = placement;
  await lockHost(session, host);
  const network = await lockNetwork(session, spec.network);
  if (network === undefined) throw networkNotFound(spec.network);
  if ((await findVm(session.db, id)) !== undefined) {
    throw new StoreError("NAME_TAKEN", `VM ${id} exists`, { found: id });
  }
  const room = await checkRoom(session, placement);
  if ("why" in room) return { kind: "refused", why: room.why };
  await insertVm(session, placement);
  const mac = await takeMac(session, placement, { network, slotMac: room.slotMac });
  const address = await takeAddress(session, placement, network);
  await session.db.insert(allocations).values({
    vm: id,
    host,
    pf,
    vfIndex,
    mac,
    network: network.id,
    address,
    prefixLength: cidrPrefixLength(network.spec.subnet),
    bridge: network.spec.bridge,
    vcpuCount: spec.vcpuCount,
    memoryBytes: spec.memoryBytes,
  });
  const vm = await findVm(session.db, id);
  assert(vm !== undefined, "the VM was inserted in this transaction");
  session.touchedHosts.add(host);
  note(
    session,
    { kind: "vms", key: id, operation: "created", record: vm },
    { action: "vm.create", details: { host, pf, vf_index: String(vfIndex), mac, address } },
  );
  return { kind: "placed", vm };
}
