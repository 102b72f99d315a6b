import {
  assert,
  cidrPrefixLength,
  type HostId,
  type Ipv4Address,
  type MacAddress,
  macToNumber,
  type NetworkId,
  StoreError,
  type VmId,
  type VmSpec,
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
import {
  allocationNics,
  allocations,
  ipAddresses,
  macAddresses,
  networks,
  slots,
  vms,
} from "../schema/tables.ts";
import { auditOfVm } from "./audit-of-vm.ts";
import type { NicPlacement, PlacementOutcome, VmPlacement } from "./vm-queries.ts";
import { findVm } from "./vm-rows.ts";

/** Times another transaction may take the MAC that was found free. */
const MAC_TRIES_MAX = 16;

type Refusal = Extract<PlacementOutcome, { kind: "refused" }>["why"];

/** A slot's own MAC, if it is reserved and free. */
async function checkSlot(
  { db }: Session,
  host: HostId,
  { pf, vfIndex }: NicPlacement,
): Promise<{ readonly slotMac: MacAddress } | { readonly why: Refusal }> {
  const [slot] = await db
    .select({ mac: slots.mac, vm: allocationNics.vm })
    .from(slots)
    .leftJoin(
      allocationNics,
      and(
        eq(allocationNics.host, slots.host),
        eq(allocationNics.pf, slots.pf),
        eq(allocationNics.vfIndex, slots.vfIndex),
      ),
    )
    .where(and(eq(slots.host, host), eq(slots.pf, pf), eq(slots.vfIndex, vfIndex)));
  if (slot === undefined) return { why: "slot-unknown" };
  return slot.vm === null ? { slotMac: slot.mac as MacAddress } : { why: "slot-taken" };
}

/** Whether the host, whose row is locked, still has room; the slots' own MACs when it has. */
async function checkRoom(
  session: Session,
  placement: VmPlacement,
): Promise<{ readonly slotMacs: readonly MacAddress[] } | { readonly why: Refusal }> {
  const { host, nics, spec, capacity } = placement;
  const slotMacs: MacAddress[] = [];
  for (const nic of nics) {
    const slot = await checkSlot(session, host, nic);
    if ("why" in slot) return slot;
    slotMacs.push(slot.slotMac);
  }
  const [used] = await session.db
    .select({
      vcpus: sql<number>`coalesce(sum(${allocations.vcpuCount}), 0)::float8`,
      memory: sql<number>`coalesce(sum(${allocations.memoryBytes}), 0)::float8`,
    })
    .from(allocations)
    .where(eq(allocations.host, host));
  assert(used !== undefined, "an aggregate has one row");
  if (used.vcpus + spec.vcpuCount > capacity.vcpuCount) return { why: "vcpu" };
  if (used.memory + spec.memoryBytes > capacity.memoryBytes) return { why: "memory" };
  return { slotMacs };
}

async function tryTakeMac(session: Session, mac: MacAddress, vm: string): Promise<boolean> {
  const taken = await session.db
    .insert(macAddresses)
    .values({ mac, number: macToNumber(mac), ownerKind: "vm", owner: `vms/${vm}` })
    .onConflictDoNothing()
    .returning({ mac: macAddresses.mac });
  return taken.length > 0;
}

async function ownerOfMac({ db }: Session, mac: MacAddress): Promise<string> {
  const [row] = await db
    .select({ owner: macAddresses.owner })
    .from(macAddresses)
    .where(eq(macAddresses.mac, mac));
  return row?.owner ?? "somebody who gave it back meanwhile";
}

/** One NIC on its way to its slot. */
interface Taking {
  readonly vm: VmId;
  readonly nic: NicPlacement;
  readonly network: NetworkRecord;
}

async function takeMac(
  session: Session,
  { vm: id, nic: { mac }, network }: Taking,
  slotMac: MacAddress,
): Promise<MacAddress> {
  // Where hardware fixes the MAC, the VM has its slot's; it stays the slot's and is unique already.
  if (mac !== undefined && mac === slotMac) return mac;
  if (mac !== undefined) {
    if (await tryTakeMac(session, mac, id)) return mac;
    throw new StoreError("MAC_TAKEN", `${mac} is in use in the fleet`, {
      found: `${mac} of ${await ownerOfMac(session, mac)}`,
      needs: "a MAC that no slot and no VM has",
    });
  }
  for (let tried = 0; tried < MAC_TRIES_MAX; tried += 1) {
    const free = await findFreeMac(session, network.spec.macPool);
    if (free === undefined) break;
    if (await tryTakeMac(session, free, id)) return free;
  }
  const { first, last } = network.spec.macPool;
  throw new StoreError("MAC_POOL_EXHAUSTED", `network ${network.id} has no free MAC address`, {
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

/** The caller holds the lock of the network's bridge. */
async function takeAddress(
  session: Session,
  { vm, nic: { address: wanted }, network }: Taking,
): Promise<Ipv4Address> {
  const { ipPool } = network.spec;
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
  await session.db.insert(ipAddresses).values({ network: network.id, address, vm });
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

/** The NICs' networks in their order, each kept from being deleted. @throws StoreError NETWORK_NOT_FOUND */
async function lockNetworks(session: Session, spec: VmSpec): Promise<readonly NetworkRecord[]> {
  const locked = new Map<NetworkId, NetworkRecord>();
  for (const id of spec.nics.map(({ network }) => network).sort()) {
    const network = locked.get(id) ?? (await lockNetwork(session, id));
    if (network === undefined) throw networkNotFound(id);
    locked.set(id, network);
  }
  return spec.nics.flatMap(({ network }) => locked.get(network) ?? []);
}

/** In one order whatever the NICs' order is, so that two placements never wait for each other. */
async function lockBridges(session: Session, of: readonly NetworkRecord[]): Promise<void> {
  const bridges = new Set(of.map(({ spec }) => spec.bridge).sort());
  for (const bridge of bridges) await lockBridge(session, bridge);
}

/** The address reserved for the VM in the network of a NIC; the first of its NICs there has it. */
function reservedFor(
  vm: VmId,
  networks: readonly NetworkRecord[],
  index: number,
): Ipv4Address | undefined {
  const network = networks[index];
  const isFirst = networks.findIndex((each) => each.id === network?.id) === index;
  if (!isFirst) return undefined;
  return network?.spec.reservations.find((each) => each.vm === vm)?.address;
}

/** Takes MACs first and the bridges' locks then, as hosts do that reserve slots and a bridge address. */
async function takeNics(
  session: Session,
  placement: VmPlacement,
  known: { readonly networks: readonly NetworkRecord[]; readonly slotMacs: readonly MacAddress[] },
): Promise<void> {
  const { id: vm, host, nics, spec } = placement;
  const takings = nics.map((nic, index): Taking & { readonly slotMac: MacAddress } => {
    const [network, slotMac] = [known.networks[index], known.slotMacs[index]];
    assert(network !== undefined && slotMac !== undefined, "each NIC has a network and a slot");
    const address = nic.address ?? reservedFor(vm, known.networks, index);
    return { vm, nic: { ...nic, address }, network, slotMac };
  });
  const macs: MacAddress[] = [];
  for (const taking of takings) macs.push(await takeMac(session, taking, taking.slotMac));
  await lockBridges(session, known.networks);
  for (const [index, taking] of takings.entries()) {
    const [mac, wanted] = [macs[index], spec.nics[index]];
    assert(mac !== undefined && wanted !== undefined, "a placement is of every NIC of its spec");
    const address = await takeAddress(session, taking);
    const { pf, vfIndex } = taking.nic;
    const { id: network, spec: segment } = taking.network;
    const { kind, queuePairs } = wanted;
    await session.db.insert(allocationNics).values({
      ...{ vm, index, kind, host, pf, vfIndex, mac, network, address, queuePairs },
      prefixLength: cidrPrefixLength(segment.subnet),
      bridge: segment.bridge,
    });
  }
}

/**
 * Places one VM. The host's row is locked first: of two placements on one host the second sees what the
 * first took. Unique constraints stand behind it.
 */
export async function placeVm(session: Session, placement: VmPlacement): Promise<PlacementOutcome> {
  const { id, spec, host } = placement;
  await lockHost(session, host);
  const networks = await lockNetworks(session, spec);
  if ((await findVm(session.db, id)) !== undefined) {
    throw new StoreError("NAME_TAKEN", `VM ${id} exists`, { found: id });
  }
  const room = await checkRoom(session, placement);
  if ("why" in room) return { kind: "refused", why: room.why };
  await insertVm(session, placement);
  const { vcpuCount, memoryBytes } = spec;
  await session.db.insert(allocations).values({ vm: id, host, vcpuCount, memoryBytes });
  await takeNics(session, placement, { networks, slotMacs: room.slotMacs });
  const vm = await findVm(session.db, id);
  assert(vm !== undefined, "the VM was inserted in this transaction");
  session.placedHosts.add(host);
  note(
    session,
    { kind: "vms", key: id, operation: "created", record: vm },
    { action: "vm.create", details: auditOfVm(vm) },
  );
  return { kind: "placed", vm };
}
