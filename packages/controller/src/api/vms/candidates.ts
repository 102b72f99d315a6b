import type { Inventory } from "@switchyard/model";
import { type CandidateHost, type FreeSlot, ordinaryMemoryBytes } from "@switchyard/planner";
import type { PlacementCandidate, SlotRecord } from "@switchyard/store";
import {
  findUplink,
  listUplinks,
  observedInventory,
  observedMode,
  usableVfs,
} from "../hosts/slots.ts";

/** Slots that are reserved and whose vDPA device is there, less those VMs hold. */
function slotsOf(
  inventory: Inventory,
  reserved: readonly SlotRecord[],
): { readonly count: number; readonly free: readonly FreeSlot[] } {
  const usable = listUplinks(inventory).flatMap(({ pf }) =>
    usableVfs(pf).map((vf) => ({ pf, vf })),
  );
  const free = usable.flatMap(({ pf, vf }) => {
    const slot = reserved.find(
      (each) => each.pf === pf.pciAddress && each.vfIndex === vf.index && each.vm === undefined,
    );
    if (slot === undefined || vf.vdpa === undefined) return [];
    const maxVqp = vf.vdpa.maxVqp ?? Math.max(1, Math.floor((vf.vdpa.maxVqs - 1) / 2));
    return [{ pf: pf.pciAddress, vfIndex: vf.index, maxVqp, numaNode: pf.numaNode }];
  });
  return { count: usable.length, free };
}

/** The host as placement sees it; undefined before its first inventory. */
export function toCandidate({ host, slots }: PlacementCandidate): CandidateHost | undefined {
  const inventory = observedInventory(host);
  if (inventory === undefined) return undefined;
  const { count, free } = slotsOf(inventory, slots);
  return {
    host: host.id,
    kind: inventory.hostKind,
    labels: host.labels,
    isConnected: host.state === "ready",
    isReady: true,
    mode: observedMode(inventory),
    bridge: findUplink(inventory)?.bridge.name,
    slotCount: count,
    freeSlots: free,
    threadCount: inventory.cpu.threadCount,
    allocatedVcpuCount: host.allocated.vcpuCount,
    memoryBytes: ordinaryMemoryBytes(inventory),
    allocatedMemoryBytes: host.allocated.memoryBytes,
  };
}
