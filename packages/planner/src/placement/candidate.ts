import type { DatapathMode, HostId, HostKind, Inventory, PciAddress } from "@switchyard/model";

/** A slot no VM holds: a VF with its vDPA device or held by vfio, as a profile that was applied left it. */
export interface FreeSlot {
  readonly pf: PciAddress;
  readonly vfIndex: number;
  /** Virtqueue pairs of its vDPA device; 0 for a VF that vfio holds. */
  readonly maxVqp: number;
  /** -1 where firmware gives no affinity. */
  readonly numaNode: number;
}

/** A host as placement sees it: what it has, and what promises to other VMs have left of it. */
export interface CandidateHost {
  readonly host: HostId;
  readonly kind: HostKind;
  readonly labels: Readonly<Record<string, string>>;
  /** Its heartbeats come in. */
  readonly isConnected: boolean;
  /** False while it takes no new VMs: it is cordoned. */
  readonly isSchedulable: boolean;
  /** No exclusive job runs or waits on it. */
  readonly isReady: boolean;
  /** Mode that the host is in; undefined while it carries no datapath. */
  readonly mode: DatapathMode | undefined;
  /** Bridge of the profile that was applied; undefined while the host carries no datapath. */
  readonly bridge: string | undefined;
  readonly slotCount: number;
  readonly freeSlots: readonly FreeSlot[];
  readonly threadCount: number;
  readonly allocatedVcpuCount: number;
  /** Without huge pages. */
  readonly memoryBytes: number;
  readonly allocatedMemoryBytes: number;
  /** Undefined without libvirt. */
  readonly libvirtVersion?: string;
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

/** What the kernel set aside as huge pages, which VMs here do not use. */
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

export const freeMemoryBytes = (host: CandidateHost): number =>
  usableMemoryBytes(host) - host.allocatedMemoryBytes;
