import type {
  AffinityRule,
  Architecture,
  DatapathMode,
  ExperimentId,
  HostId,
  HostKind,
  ImageId,
  Inventory,
  LabelSelector,
  NicKind,
  NumaNode,
  PciAddress,
  VmId,
} from "@switchyard/model";

/** A slot no VM holds, as a profile that was applied left it: a VF with its vDPA device, or one that vfio holds. */
export interface FreeSlot {
  readonly kind: NicKind;
  readonly pf: PciAddress;
  readonly vfIndex: number;
  /** Virtqueue pairs of its vDPA device; 0 for `sriov`. */
  readonly maxVqp: number;
  /** -1 where firmware gives no affinity. */
  readonly numaNode: number;
  /**
   * Its IOMMU group, where others share it: vfio gives a group to one VM only. Undefined: it is alone, or no
   * matter.
   */
  readonly sharedGroup?: string | undefined;
}

/** A VM that is on a host, as far as the placement of others minds. */
export interface Resident {
  readonly vm: VmId;
  readonly labels: LabelSelector;
  readonly affinity: readonly AffinityRule[];
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Size of the huge pages that its memory is made of; undefined: ordinary pages. */
  readonly hugepageBytes?: number | undefined;
  readonly slotCount: number;
}

/** A host as placement sees it: what it has, and what promises to other VMs have left of it. */
export interface CandidateHost {
  readonly host: HostId;
  readonly kind: HostKind;
  readonly labels: Readonly<Record<string, string>>;
  /** Its heartbeats come in. */
  readonly isConnected: boolean;
  /** No exclusive job runs or waits on it. */
  readonly isReady: boolean;
  /** False while it takes no new VMs (cordoned). */
  readonly isSchedulable: boolean;
  /** The experiment that has it for itself; undefined where none has. */
  readonly experiment?: ExperimentId | undefined;
  /** Undefined where its kernel does not say. */
  readonly architecture: Architecture | undefined;
  /** Mode that the host is in; undefined while it carries no datapath. */
  readonly mode: DatapathMode | undefined;
  /** Bridge of the profile that was applied; undefined while the host carries no datapath, and in mode sriov. */
  readonly bridge: string | undefined;
  readonly slotCount: number;
  /** In the order of {@link orderSlots}. */
  readonly freeSlots: readonly FreeSlot[];
  readonly threadCount: number;
  readonly allocatedVcpuCount: number;
  /** Without huge pages. */
  readonly memoryBytes: number;
  /** What the kernel set aside, by size of page. */
  readonly hugepages: readonly HugepagePool[];
  /** Undefined without libvirt. */
  readonly libvirtVersion?: string;
  /** Empty where the agent does not tell. */
  readonly numaNodes: readonly NumaNode[];
  /** Images whose copy is on the host. */
  readonly images: ReadonlySet<ImageId>;
  readonly residents: readonly Resident[];
}

/** Huge pages of one size that a host has, free or not. */
export interface HugepagePool {
  readonly sizeBytes: number;
  readonly count: number;
}

/**
 * vCPUs promised per CPU thread. One to one: a vhost-vdpa guest polls its queues' doorbells from its own
 * vCPUs, and an overcommitted host would show as network jitter.
 */
export const VCPU_OVERCOMMIT = 1;

/** Memory that host, OVS and agent keep for themselves: an eighth, at most 4 GiB. */
export const HOST_MEMORY_RESERVE = { share: 1 / 8, bytesMax: 4 * 1024 ** 3 } as const;

export const freeVcpuCount = (
  host: Pick<CandidateHost, "threadCount" | "allocatedVcpuCount">,
): number => Math.floor(host.threadCount * VCPU_OVERCOMMIT) - host.allocatedVcpuCount;

/** What the kernel set aside as huge pages, which only VMs have that ask for them. */
export const hugepageBytes = ({ system }: Pick<Inventory, "system">): number =>
  (system?.hugepages ?? []).reduce((sum, { sizeBytes, count }) => sum + sizeBytes * count, 0);

/** A host's memory less what is set aside as huge pages, as far as its agent tells. */
export const ordinaryMemoryBytes = (inventory: Pick<Inventory, "memoryBytes" | "system">): number =>
  Math.max(0, inventory.memoryBytes - hugepageBytes(inventory));

/** Guest memory is pinned by vhost-vdpa, so it is never overcommitted. */
export function usableMemoryBytes({ memoryBytes }: { readonly memoryBytes: number }): number {
  const reserve = Math.min(memoryBytes * HOST_MEMORY_RESERVE.share, HOST_MEMORY_RESERVE.bytesMax);
  return Math.max(0, Math.floor(memoryBytes - reserve));
}

/** Memory for VMs in all: in huge pages of that size, or undefined for ordinary pages. */
export function memoryForVms(
  host: Pick<CandidateHost, "memoryBytes" | "hugepages">,
  hugepageBytes: number | undefined,
): number {
  if (hugepageBytes === undefined) return usableMemoryBytes(host);
  const pool = host.hugepages.find(({ sizeBytes }) => sizeBytes === hugepageBytes);
  return (pool?.count ?? 0) * hugepageBytes;
}

/** Memory of that kind that is not promised. */
export const freeMemoryBytes = (
  host: Pick<CandidateHost, "memoryBytes" | "hugepages" | "residents">,
  hugepageBytes: number | undefined,
): number => memoryForVms(host, hugepageBytes) - allocatedMemoryBytes(host, hugepageBytes);

/** Memory of that kind which VMs on the host have. */
export const allocatedMemoryBytes = (
  { residents }: Pick<CandidateHost, "residents">,
  hugepageBytes: number | undefined,
): number =>
  residents
    .filter((resident) => resident.hugepageBytes === hugepageBytes)
    .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);

/** By code unit, never by locale: controllers in different locales must choose alike. */
export const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;

/** Fewest queue pairs first, so that the first that will do leaves those with many to VMs that need them. */
export const orderSlots = (slots: readonly FreeSlot[]): readonly FreeSlot[] =>
  [...slots].sort(
    (left, right) =>
      left.maxVqp - right.maxVqp || compareText(left.pf, right.pf) || left.vfIndex - right.vfIndex,
  );
