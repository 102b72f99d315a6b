import type { Inventory, Pf, Vf } from "@switchyard/model";
import { type CandidateHost, type FreeSlot, ordinaryMemoryBytes } from "@switchyard/planner";
import type { PlacementCandidate, SlotRecord } from "@switchyard/store";
import {
  findSriovPort,
  findUplink,
  listUplinks,
  observedInventory,
  observedMode,
  usableVfs,
  vfioVfs,
} from "../hosts/slots.ts";

interface VfOfPf {
  readonly pf: Pf;
  readonly vf: Vf;
}

/** VFs that VMs can be given in the mode that the host is in: by their vDPA device, or by vfio. */
function vmVfs(inventory: Inventory): readonly VfOfPf[] {
  const onUplinks = listUplinks(inventory).flatMap(({ pf }) =>
    usableVfs(pf).map((vf) => ({ pf, vf })),
  );
  if (onUplinks.length > 0) return onUplinks;
  const pf = findSriovPort(inventory);
  return pf === undefined ? [] : vfioVfs(pf).map((vf) => ({ pf, vf }));
}

const maxVqpOf = ({ vdpa }: Vf): number =>
  vdpa === undefined ? 0 : (vdpa.maxVqp ?? Math.max(1, Math.floor((vdpa.maxVqs - 1) / 2)));

/**
 * Slots that are reserved and whose VF is there, less those VMs hold. vfio gives an IOMMU group to one VM
 * only, so a VF whose group a VM has is none for another.
 */
function slotsOf(
  inventory: Inventory,
  reserved: readonly SlotRecord[],
): { readonly count: number; readonly free: readonly FreeSlot[] } {
  const usable = vmVfs(inventory);
  const slotOf = ({ pf, vf }: VfOfPf) =>
    reserved.find((slot) => slot.pf === pf.pciAddress && slot.vfIndex === vf.index);
  const taken = usable.filter((each) => slotOf(each)?.vm !== undefined);
  const takenByVfio = new Set<string>(
    taken.filter(({ vf }) => vf.vdpa === undefined).map(({ vf }) => vf.pciAddress),
  );
  const free = usable.filter((each) => {
    const slot = slotOf(each);
    const isCoupled = each.vf.iommuGroupPeers?.some((peer) => takenByVfio.has(peer)) ?? false;
    return slot !== undefined && slot.vm === undefined && !isCoupled;
  });
  return {
    count: usable.length,
    free: free.map(({ pf, vf }) => ({
      pf: pf.pciAddress,
      vfIndex: vf.index,
      maxVqp: maxVqpOf(vf),
      numaNode: pf.numaNode,
    })),
  };
}

/** The host as placement sees it; undefined before its first inventory. */
export function toCandidate({ host, slots }: PlacementCandidate): CandidateHost | undefined {
  const inventory = observedInventory(host);
  if (inventory === undefined) return undefined;
  const libvirtVersion = inventory.virtualization?.libvirtVersion;
  const { count, free } = slotsOf(inventory, slots);
  return {
    host: host.id,
    kind: inventory.hostKind,
    labels: host.labels,
    isConnected: host.state === "ready",
    isSchedulable: host.cordon === undefined,
    isReady: true,
    mode: observedMode(inventory),
    bridge: findUplink(inventory)?.bridge.name,
    slotCount: count,
    freeSlots: free,
    threadCount: inventory.cpu.threadCount,
    allocatedVcpuCount: host.allocated.vcpuCount,
    memoryBytes: ordinaryMemoryBytes(inventory),
    allocatedMemoryBytes: host.allocated.memoryBytes,
    ...(libvirtVersion !== undefined && { libvirtVersion }),
  };
}
