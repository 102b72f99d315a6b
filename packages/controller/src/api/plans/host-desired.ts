import {
  type DesiredSlot,
  type HostDesired,
  type HostId,
  type Inventory,
  type MacAddress,
  macFromNumber,
  type PciAddress,
  type ProfileId,
} from "@switchyard/model";
import type { Random } from "@switchyard/runtime";
import type { HostRecord, ProfileRecord, Transaction } from "@switchyard/store";
import { findPort, slotsToReserve } from "../hosts/slots.ts";
import { listAll } from "../list-all.ts";

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
export async function withVmMacs(
  tx: Pick<Transaction, "vms">,
  place: { readonly host: HostId; readonly pf: PciAddress },
  slots: readonly DesiredSlot[],
): Promise<readonly DesiredSlot[]> {
  const { host, pf } = place;
  const vms = await listAll((page) => tx.vms.list({ ...page, host }), VMS_PER_HOST_MAX);
  return slots.map((slot) => {
    const holder = vms.find(
      ({ allocation }) => allocation.pf === pf && allocation.vfIndex === slot.vfIndex,
    );
    return holder === undefined ? slot : { ...slot, mac: holder.allocation.mac };
  });
}

async function reserveSlots(
  input: DesiredInput,
  datapath: ProfileRecord["spec"]["datapath"],
): Promise<readonly DesiredSlot[]> {
  const pf = findPort(input.inventory, datapath.uplink);
  if (pf === undefined) return [];
  const reserved = await input.tx.hosts.reserveSlots({
    host: input.host.id,
    pf: pf.pciAddress,
    slots: slotsToReserve(pf, datapath.vfCount),
    proposeMac: () => proposeMac(input.random),
  });
  return withVmMacs(input.tx, { host: input.host.id, pf: pf.pciAddress }, reserved);
}

/**
 * The profile made concrete for the host, with the MACs and the bridge address reserved for it. May run
 * twice: what was reserved before is kept.
 *
 * @throws StoreError MAC_TAKEN, MAC_POOL_EXHAUSTED, BRIDGE_ADDRESS_POOL_EXHAUSTED
 */
export async function desireProfile(
  input: DesiredInput,
  profile: ProfileRecord,
): Promise<HostDesired> {
  const { host, tx } = input;
  const { datapath, driver, virtualization } = profile.spec;
  const { name, addressRange, isAdopted } = datapath.bridge;
  const slots = await reserveSlots(input, datapath);
  const address =
    addressRange &&
    (await tx.hosts.reserveBridgeAddress({ host: host.id, bridge: name, range: addressRange }));
  return {
    host: host.id,
    generation: nextGeneration(host),
    profile: profile.id,
    profileGeneration: profile.generation,
    ...(driver !== undefined && { driver }),
    ...(virtualization !== undefined && { virtualization }),
    ...(profile.spec.driftPolicy !== undefined && { driftPolicy: profile.spec.driftPolicy }),
    datapath: {
      ...datapath,
      bridge: { name, address, ...(isAdopted !== undefined && { isAdopted }) },
      slots,
    },
  };
}

/** A host without any datapath of ours. */
export const desireNothing = (host: HostRecord): HostDesired => ({
  host: host.id,
  generation: nextGeneration(host),
  profile: host.appliedProfile ?? NO_PROFILE,
  profileGeneration: 0,
  datapath: undefined,
});
