import {
  architectureOf,
  type HostId,
  type ImageId,
  type Inventory,
  type Ipv4Cidr,
  type MacAddress,
  type Pf,
  type Vf,
  type VmId,
} from "@switchyard/model";
import {
  type CandidateHost,
  type FreeSlot,
  memoryForVms,
  orderSlots,
  ordinaryMemoryBytes,
  type Resident,
} from "@switchyard/planner";
import type { FleetHost, HostCapacity, ResidentRecord } from "@switchyard/store";
import {
  findSriovPort,
  findUplink,
  listUplinks,
  observedInventory,
  observedMode,
  usableVfs,
  vfioVfs,
} from "../api/hosts/slots.ts";

/** A host as placement keeps it in memory: what it offers, which changes with its record, and who is on it. */
export interface ViewedHost {
  readonly etag: string;
  readonly offer: HostOffer;
  readonly residents: ReadonlyMap<VmId, ResidentRecord>;
  readonly images: ReadonlySet<ImageId>;
  readonly isBusy: boolean;
  /** All of the above as the planner takes it. */
  readonly candidate: CandidateHost;
}

/** What a host has for VMs in all. */
export interface HostOffer {
  readonly host: HostId;
  readonly facts: Omit<
    CandidateHost,
    "isReady" | "freeSlots" | "allocatedVcpuCount" | "images" | "residents"
  >;
  /** Reserved slots whose device is there, free or not, in the order in which they are taken. */
  readonly slots: readonly FreeSlot[];
  /** MACs that hardware fixes, by {@link slotName}. */
  readonly fixedMacs: ReadonlyMap<string, MacAddress>;
  readonly bridgeAddresses: readonly { readonly bridge: string; readonly address: Ipv4Cidr }[];
}

/** What a host offers in all to a VM whose memory is in huge pages of that size, or in ordinary ones. */
export const capacityFor = (
  { facts }: Pick<HostOffer, "facts">,
  hugepageBytes: number | undefined,
): HostCapacity => ({
  vcpuCount: facts.threadCount,
  memoryBytes: memoryForVms(facts, hugepageBytes),
});

export const slotName = (slot: { readonly pf: string; readonly vfIndex: number }): string =>
  `${slot.pf} ${slot.vfIndex}`;

interface Device {
  readonly pf: Pf;
  readonly vf: Vf;
}

const maxVqpOf = ({ vdpa }: Vf): number =>
  vdpa === undefined ? 0 : (vdpa.maxVqp ?? Math.max(1, Math.floor((vdpa.maxVqs - 1) / 2)));

function slotOf({ pf, vf }: Device): FreeSlot {
  const { pciAddress, numaNode } = pf;
  const kind = vf.vdpa === undefined ? "sriov" : "vdpa";
  const isShared = kind === "sriov" && (vf.iommuGroupPeers?.length ?? 0) > 0;
  const sharedGroup = [vf.pciAddress, ...(vf.iommuGroupPeers ?? [])].sort().join(" ");
  return {
    ...{ kind, pf: pciAddress, vfIndex: vf.index, maxVqp: maxVqpOf(vf), numaNode },
    ...(isShared && { sharedGroup }),
  };
}

/** Slots whose VF is there for VMs in the mode that the host is in: by their vDPA device, or by vfio. */
function devicesOf(inventory: Inventory): readonly FreeSlot[] {
  const onUplinks = listUplinks(inventory).flatMap(({ pf }) =>
    usableVfs(pf).map((vf) => slotOf({ pf, vf })),
  );
  if (onUplinks.length > 0) return onUplinks;
  const pf = findSriovPort(inventory);
  return pf === undefined ? [] : vfioVfs(pf).map((vf) => slotOf({ pf, vf }));
}

function offerOf({ host, slots }: FleetHost): HostOffer | undefined {
  const inventory = observedInventory(host);
  if (inventory === undefined) return undefined;
  const devices = devicesOf(inventory);
  const reserved = new Set(slots.map(slotName));
  const libvirtVersion = inventory.virtualization?.libvirtVersion;
  return {
    host: host.id,
    facts: {
      host: host.id,
      kind: inventory.hostKind,
      labels: host.labels,
      isConnected: host.state === "ready",
      isSchedulable: host.cordon === undefined,
      experiment: host.lease?.experiment,
      architecture: architectureOf(inventory),
      mode: observedMode(inventory),
      bridge: findUplink(inventory)?.bridge.name,
      slotCount: devices.length,
      threadCount: inventory.cpu.threadCount,
      memoryBytes: ordinaryMemoryBytes(inventory),
      hugepages: inventory.system?.hugepages ?? [],
      numaNodes: inventory.system?.numaNodes ?? [],
      ...(libvirtVersion !== undefined && { libvirtVersion }),
    },
    slots: orderSlots(devices.filter((slot) => reserved.has(slotName(slot)))),
    fixedMacs: new Map(
      inventory.nics.flatMap(({ pfs }) =>
        pfs.flatMap(({ pciAddress: pf, vfs }) =>
          vfs.flatMap(({ index, fixedMac }) =>
            fixedMac === undefined ? [] : [[slotName({ pf, vfIndex: index }), fixedMac] as const],
          ),
        ),
      ),
    ),
    bridgeAddresses: (inventory.ovs?.bridges ?? []).flatMap(({ name, addresses }) =>
      addresses.map((address) => ({ bridge: name, address })),
    ),
  };
}

const toResident = ({ slots, ...vm }: ResidentRecord): Resident => ({
  ...vm,
  slotCount: slots.length,
});

/** Virtual functions that VMs hold, by port: a name for each slot of each host would be made again for each VM. */
function takenSlots(residents: readonly ResidentRecord[]): (slot: FreeSlot) => boolean {
  const taken = new Map<string, Set<number>>();
  for (const { pf, vfIndex } of residents.flatMap(({ slots }) => slots)) {
    const indexes = taken.get(pf);
    if (indexes === undefined) taken.set(pf, new Set([vfIndex]));
    else indexes.add(vfIndex);
  }
  return ({ pf, vfIndex }) => taken.get(pf)?.has(vfIndex) === true;
}

function candidateOf(parts: Omit<ViewedHost, "candidate">): CandidateHost {
  const { offer, images, isBusy } = parts;
  const residents = [...parts.residents.values()];
  const isTaken = takenSlots(residents);
  const groups = new Set<string>();
  for (const slot of offer.slots) {
    if (slot.sharedGroup !== undefined && isTaken(slot)) groups.add(slot.sharedGroup);
  }
  const isFree = (slot: FreeSlot): boolean =>
    !isTaken(slot) && (slot.sharedGroup === undefined || !groups.has(slot.sharedGroup));
  return {
    ...offer.facts,
    isReady: !isBusy,
    freeSlots: offer.slots.filter(isFree),
    allocatedVcpuCount: residents.reduce((sum, { vcpuCount }) => sum + vcpuCount, 0),
    images,
    residents: residents.map(toResident),
  };
}

const whole = (parts: Omit<ViewedHost, "candidate">): ViewedHost => ({
  ...parts,
  candidate: candidateOf(parts),
});

/** The host as it was read; undefined before its first inventory. */
export function viewHost(read: FleetHost, isBusy: boolean): ViewedHost | undefined {
  const offer = offerOf(read);
  if (offer === undefined) return undefined;
  return whole({
    etag: read.host.etag,
    offer,
    residents: new Map(read.residents.map((vm) => [vm.vm, vm])),
    images: new Set(read.images),
    isBusy,
  });
}

/** The host with a VM on it, or without one that was. */
export function withVm(
  host: ViewedHost,
  vm: VmId,
  resident: ResidentRecord | undefined,
): ViewedHost {
  if (resident === undefined && !host.residents.has(vm)) return host;
  const residents = new Map(host.residents);
  if (resident === undefined) residents.delete(vm);
  else residents.set(vm, resident);
  return whole({ ...host, residents });
}

export const withBusy = (host: ViewedHost, isBusy: boolean): ViewedHost =>
  host.isBusy === isBusy ? host : whole({ ...host, isBusy });

export function withImage(host: ViewedHost, image: ImageId, isThere: boolean): ViewedHost {
  if (host.images.has(image) === isThere) return host;
  const images = new Set(host.images);
  if (isThere) images.add(image);
  else images.delete(image);
  return whole({ ...host, images });
}
