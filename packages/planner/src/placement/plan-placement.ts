import type { HostId } from "@switchyard/model";
import { type FleetAffinity, fleetAffinity } from "./affinity.ts";
import { type CandidateHost, compareText, type FreeSlot } from "./candidate.ts";
import type { RejectedHost } from "./filters/filter.ts";
import { rejectHost } from "./filters/reject-host.ts";
import type { PlacementNeeds } from "./needs.ts";
import { chooseSlots, scatterSlots } from "./slots.ts";
import { type Option, tieOrder, totalOf } from "./weighers.ts";

/** A slot that one of the VM's NICs takes. */
export interface PlacedNic extends FreeSlot {
  /** As asked for; where the VM left it open, as many as its vCPUs and the slot allow; 0 for `sriov`. */
  readonly queuePairs: number;
}

export interface VmPlace {
  readonly kind: "placed";
  readonly host: HostId;
  /** In the order of the VM's NICs. */
  readonly nics: readonly PlacedNic[];
}

export type Placement =
  | VmPlace
  | { readonly kind: "no-host"; readonly reasons: readonly RejectedHost[] };

/** The VM with the slots it would take of the host. */
export function placedOn({ host, slots }: Option, needs: PlacementNeeds): VmPlace {
  const nics = slots.map((slot, index): PlacedNic => {
    const asked = needs.nics[index]?.queuePairs ?? 0;
    const most = Math.min(needs.vcpuCount, slot.maxVqp);
    return { ...slot, queuePairs: slot.kind === "sriov" ? 0 : asked > 0 ? asked : most };
  });
  return { kind: "placed", host: host.host, nics };
}

/** The host with its slots for the VM, unless a filter refuses it. */
export function optionOf(
  host: CandidateHost,
  needs: PlacementNeeds,
  around: FleetAffinity,
): Option | undefined {
  if (rejectHost(host, needs, around) !== undefined) return undefined;
  const slots = chooseSlots(host, needs);
  return slots && { host, slots };
}

/** A host with its weighted sum; of two alike the one that the VM's name orders first, then the lower name. */
export function isBetter(
  needs: PlacementNeeds,
  left: { readonly total: number; readonly host: string },
  right: { readonly total: number; readonly host: string },
): boolean {
  if (left.total !== right.total) return left.total > right.total;
  const order = tieOrder(needs.vm, left.host) - tieOrder(needs.vm, right.host);
  return order !== 0 ? order < 0 : compareText(left.host, right.host) < 0;
}

/**
 * Chooses a host and slots for a VM: filters, then the weighted sum of all weighers, then an order of its own
 * for each VM's name. The same input always gives the same answer, whatever the order of the candidates.
 */
export function planPlacement(input: {
  readonly needs: PlacementNeeds;
  readonly candidates: readonly CandidateHost[];
  /** Plans of the VM before that were stale: each begins with other slots of a host; 0 with the lowest. */
  readonly staleCount?: number;
}): Placement {
  const { needs, candidates, staleCount = 0 } = input;
  const around = fleetAffinity(needs, candidates);
  let best: (Option & { readonly total: number }) | undefined;
  for (const host of candidates) {
    const option = optionOf(host, needs, around);
    if (option === undefined) continue;
    const total = totalOf(option, needs, around.preferred);
    const isFirst =
      best === undefined ||
      isBetter(needs, { total, host: host.host }, { total: best.total, host: best.host.host });
    if (isFirst) best = { ...option, total };
  }
  if (best !== undefined && staleCount > 0) {
    const seed = tieOrder(needs.vm, best.host.host) + staleCount;
    return placedOn({ ...best, slots: scatterSlots(best.host, best.slots, seed) }, needs);
  }
  if (best !== undefined) return placedOn(best, needs);
  const reasons = candidates.flatMap((host) => rejectHost(host, needs, around) ?? []);
  return { kind: "no-host", reasons: reasons.sort((a, b) => compareText(a.host, b.host)) };
}

/** The host once the VM is on it. */
export function withResident(
  host: CandidateHost,
  placed: VmPlace,
  needs: Pick<
    PlacementNeeds,
    "vm" | "vcpuCount" | "memoryBytes" | "hugepageBytes" | "labels" | "affinity"
  >,
): CandidateHost {
  const { vm, vcpuCount, memoryBytes, hugepageBytes, labels, affinity } = needs;
  const isTaken = ({ pf, vfIndex, sharedGroup }: FreeSlot): boolean =>
    placed.nics.some(
      (nic) =>
        (nic.pf === pf && nic.vfIndex === vfIndex) ||
        (sharedGroup !== undefined && nic.sharedGroup === sharedGroup),
    );
  const slotCount = placed.nics.length;
  return {
    ...host,
    freeSlots: host.freeSlots.filter((slot) => !isTaken(slot)),
    allocatedVcpuCount: host.allocatedVcpuCount + vcpuCount,
    residents: [
      ...host.residents,
      { vm, labels, affinity, vcpuCount, memoryBytes, hugepageBytes, slotCount },
    ],
  };
}
