import type { HostId } from "@switchyard/model";
import { type CandidateHost, type FreeSlot, usableMemoryBytes } from "./candidate.ts";
import {
  fittingSlots,
  leastQueuePairs,
  type PlacementNeeds,
  type RejectedHost,
  rejectHost,
} from "./filters.ts";

/** `spread` takes the emptiest host, `pack` the fullest that still has room. */
export type PlacementPolicy = "spread" | "pack";

export type Placement =
  | {
      readonly kind: "placed";
      readonly host: HostId;
      readonly slot: FreeSlot;
      /** As asked for; where the VM left it open, as many as its vCPUs and the slot allow. */
      readonly queuePairs: number;
    }
  | { readonly kind: "no-host"; readonly reasons: readonly RejectedHost[] };

/**
 * Chooses a host and a slot for a VM: filters, then weighers (load by policy, then least surplus of queue
 * pairs so that slots with many stay free), then the name. The same input always gives the same answer.
 */
export function planPlacement(input: {
  readonly needs: PlacementNeeds;
  readonly candidates: readonly CandidateHost[];
  readonly policy: PlacementPolicy;
}): Placement {
  const { needs, candidates, policy } = input;
  const judged = candidates.map((host) => ({ host, rejected: rejectHost(host, needs) }));
  const options = judged
    .filter(({ rejected }) => rejected === undefined)
    .flatMap(({ host }) => weigh(host, needs) ?? [])
    .sort((left, right) => compareOptions(left, right, policy));
  const [best] = options;
  if (best === undefined) {
    const reasons = judged.flatMap(({ rejected }) => rejected ?? []);
    return { kind: "no-host", reasons: reasons.sort((a, b) => compareText(a.host, b.host)) };
  }
  const { queuePairs, vcpuCount } = needs.spec;
  return {
    kind: "placed",
    host: best.host.host,
    slot: best.slot,
    queuePairs: queuePairs > 0 ? queuePairs : Math.min(vcpuCount, best.slot.maxVqp),
  };
}

interface Option {
  readonly host: CandidateHost;
  readonly slot: FreeSlot;
  /** Share of the host's scarcest resource that is taken once the VM is on it, 0 to 1. */
  readonly load: number;
  /** Queue pairs of the slot that the VM leaves unused. */
  readonly surplus: number;
}

function weigh(host: CandidateHost, needs: PlacementNeeds): Option | undefined {
  const [slot] = [...fittingSlots(host, needs.spec)].sort(compareSlots);
  if (slot === undefined) return undefined;
  const { vcpuCount, memoryBytes } = needs.spec;
  const load = Math.max(
    (host.slotCount - host.freeSlots.length + 1) / host.slotCount,
    (host.allocatedVcpuCount + vcpuCount) / host.threadCount,
    (host.allocatedMemoryBytes + memoryBytes) / usableMemoryBytes(host),
  );
  return { host, slot, load, surplus: slot.maxVqp - leastQueuePairs(needs.spec) };
}

/** The slot with fewest queue pairs that will do, then the lowest. */
const compareSlots = (left: FreeSlot, right: FreeSlot): number =>
  left.maxVqp - right.maxVqp || compareText(left.pf, right.pf) || left.vfIndex - right.vfIndex;

function compareOptions(left: Option, right: Option, policy: PlacementPolicy): number {
  const byLoad = policy === "spread" ? left.load - right.load : right.load - left.load;
  return byLoad || left.surplus - right.surplus || compareText(left.host.host, right.host.host);
}

/** By code unit, never by locale: controllers in different locales must choose alike. */
const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;
