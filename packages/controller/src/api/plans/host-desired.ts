import {
  type DatapathSpec,
  type DesiredSlot,
  type DesiredVdpaDatapath,
  type HostDesired,
  type HostId,
  type Inventory,
  type MacAddress,
  macFromNumber,
  type PciAddress,
  PlanningError,
  type ProfileId,
  type UplinkSelector,
  type VdpaDatapathSpec,
} from "@switchyard/model";
import type { Random } from "@switchyard/runtime";
import type { HostRecord, ProfileRecord, Transaction } from "@switchyard/store";
import { findPort, slotsToReserve } from "../hosts/slots.ts";
import { listAll } from "../list-all.ts";
import { inModeOf } from "./datapath-mode.ts";

/** Prefix that QEMU's and libvirt's guests have: 52:54:00. */
const MAC_PREFIX = 0x5254_0000_0000;
const MAC_SUFFIX_OCTETS = 3;

/** Stands where a host that never had a profile is torn down. */
const NO_PROFILE = "none" as ProfileId;

/** VMs of one host; no NIC has more VFs than 127, and a host holds few NICs. */
const VMS_PER_HOST_MAX = 4096;

/** A unicast MAC with the prefix guests have, by chance. */
export const proposeMac = (random: Random): MacAddress =>
  macFromNumber(MAC_PREFIX + parseInt(random.hex(MAC_SUFFIX_OCTETS), 16));

/** What a host shall be once the next plan is applied. */
export interface DesiredInput {
  readonly tx: Transaction;
  readonly random: Random;
  readonly host: HostRecord;
  readonly inventory: Inventory;
}

/**
 * The generation is the one that applying raises the host to: two plans made side by side have the same,
 * and the one applied second is refused.
 */
const nextGeneration = (host: HostRecord): number => host.desiredGeneration + 1;

/** MACs of the slots that VMs hold are the VMs' own: a plan never takes a running VM's address away. */
async function withVmMacs(
  tx: Pick<Transaction, "vms">,
  place: { readonly host: HostId; readonly pf: PciAddress },
  slots: readonly DesiredSlot[],
): Promise<readonly DesiredSlot[]> {
  const { host, pf } = place;
  const vms = await listAll((page) => tx.vms.list({ ...page, host }), VMS_PER_HOST_MAX);
  const nics = vms.flatMap(({ allocation }) => allocation.nics);
  return slots.map((slot) => {
    const holder = nics.find((nic) => nic.pf === (slot.pf ?? pf) && nic.vfIndex === slot.vfIndex);
    return holder === undefined ? slot : { ...slot, mac: holder.mac };
  });
}

async function reserveSlots(
  input: DesiredInput,
  datapath: DatapathSpec,
): Promise<readonly DesiredSlot[]> {
  const joined = datapath.mode === "vdpa" ? (datapath.bond?.ports ?? []) : [];
  const reserved: DesiredSlot[] = [];
  for (const port of [datapath.uplink, ...joined]) {
    const slots = await reserveSlotsOn(input, port, datapath.vfCount);
    reserved.push(...(joined.length === 0 ? slots.map(({ pf: _, ...slot }) => slot) : slots));
  }
  return reserved;
}

async function reserveSlotsOn(
  input: DesiredInput,
  port: UplinkSelector,
  vfCount: number,
): Promise<readonly DesiredSlot[]> {
  const pf = findPort(input.inventory, port);
  if (pf === undefined) return [];
  const place = { host: input.host.id, pf: pf.pciAddress };
  const reserved = await input.tx.hosts.reserveSlots({
    ...place,
    slots: slotsToReserve(pf, vfCount),
    proposeMac: () => proposeMac(input.random),
  });
  const slots = await withVmMacs(input.tx, place, reserved);
  return slots.map((slot) => ({ ...slot, pf: pf.pciAddress }));
}

async function bridgeFor(
  { tx, host }: DesiredInput,
  { name, addressRange, isAdopted }: VdpaDatapathSpec["bridge"],
): Promise<DesiredVdpaDatapath["bridge"]> {
  const adopted = isAdopted === undefined ? {} : { isAdopted };
  if (addressRange === undefined) return { name, address: undefined, ...adopted };
  const range = { host: host.id, bridge: name, range: addressRange };
  return { name, address: await tx.hosts.reserveBridgeAddress(range), ...adopted };
}

/**
 * The profile made concrete for the host, in the host's own mode where it has one, with the MACs and the
 * bridge address reserved for it. May run twice: what was reserved before is kept.
 *
 * @throws StoreError MAC_TAKEN, MAC_POOL_EXHAUSTED, BRIDGE_ADDRESS_POOL_EXHAUSTED
 * @throws PlanningError MODE_NOT_DESCRIBED
 */
export async function desireProfile(
  input: DesiredInput,
  profile: ProfileRecord,
): Promise<HostDesired> {
  const { host } = input;
  const { bios, system, driver, firmware, virtualization } = profile.spec;
  const datapath = inModeOf(host, profile);
  const slots = await reserveSlots(input, datapath);
  return {
    host: host.id,
    generation: nextGeneration(host),
    profile: profile.id,
    profileGeneration: profile.generation,
    ...(firmware !== undefined && { firmware }),
    ...(bios !== undefined && { bios }),
    ...(system !== undefined && { system }),
    ...(driver !== undefined && { driver }),
    ...(virtualization !== undefined && { virtualization }),
    ...(profile.spec.driftPolicy !== undefined && { driftPolicy: profile.spec.driftPolicy }),
    datapath:
      datapath.mode === "vdpa"
        ? { ...datapath, bridge: await bridgeFor(input, datapath.bridge), slots }
        : { ...datapath, slots },
  };
}

/**
 * What was last applied to the host, with the MACs that its VMs have now. Its drift is measured against this, and this
 * is where the controller brings it back to by itself, whatever became of its profile since.
 *
 * @returns of the generation that was applied; undefined where nothing of ours was, or the host has not reported
 */
export async function desireApplied(
  tx: Pick<Transaction, "vms">,
  { id, appliedDesired, inventory }: Pick<HostRecord, "id" | "appliedDesired" | "inventory">,
): Promise<HostDesired | undefined> {
  if (appliedDesired?.datapath === undefined || inventory === undefined) return undefined;
  const { datapath } = appliedDesired;
  const pf = findPort(inventory, datapath.uplink)?.pciAddress;
  const slots =
    pf === undefined ? datapath.slots : await withVmMacs(tx, { host: id, pf }, datapath.slots);
  return { ...appliedDesired, datapath: { ...datapath, slots } };
}

/** @throws PlanningError HOST_HAS_NO_PROFILE where nothing was applied */
export async function desireRestored(
  tx: Pick<Transaction, "vms">,
  host: HostRecord,
): Promise<HostDesired> {
  const applied = await desireApplied(tx, host);
  if (applied !== undefined) return { ...applied, generation: nextGeneration(host) };
  throw new PlanningError("HOST_HAS_NO_PROFILE", `nothing was applied to host ${host.id}`, {
    subject: `hosts/${host.id}`,
    found: "no profile applied",
    needs: "a host that a plan was applied to",
  });
}

/** A host without any datapath of ours. */
export const desireNothing = (host: HostRecord): HostDesired => ({
  host: host.id,
  generation: nextGeneration(host),
  profile: host.appliedProfile ?? NO_PROFILE,
  profileGeneration: 0,
  datapath: undefined,
});
