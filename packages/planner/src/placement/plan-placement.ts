import type { HostId } from "@switchyard/model";
import { type CandidateHost, type FreeSlot, usableMemoryBytes } from "./candidate.ts";
import {
  chooseSlots,
  compareText,
  leastQueuePairs,
  type PlacementNeeds,
  type RejectedHost,
  rejectHost,
} from "./filters.ts";

/** `spread` takes the emptiest host, `pack` the fullest that still has room. */
export type PlacementPolicy = "spread" | "pack";

export interface PlacedNic {
  readonly slot: FreeSlot;
  /** As asked for; where the VM left it open, as many as its vCPUs and the slot allow. */
  readonly queuePairs: number;
}

export type Placement =
  | {
      readonly kind: "placed";
      readonly host: HostId;
      /** In the order of the VM's NICs. */
      readonly nics: readonly PlacedNic[];
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
  const { nics, vcpuCount } = needs.spec;
  return {
    kind: "placed",
    host: best.host.host,
    nics: best.slots.map((slot, at) => {
      const asked = nics[at]?.queuePairs ?? 0;
      return { slot, queuePairs: asked > 0 ? asked : Math.min(vcpuCount, slot.maxVqp) };
    }),
  };
}

interface Option {
  readonly host: CandidateHost;
  readonly slots: readonly FreeSlot[];
  /** Share of the host's scarcest resource that is taken once the VM is on it, 0 to 1. */
  readonly load: number;
  /** Queue pairs of the slots that the VM leaves unused. */
  readonly surplus: number;
}

function weigh(host: CandidateHost, needs: PlacementNeeds): Option | undefined {
  const { vcpuCount, memoryBytes, nics } = needs.spec;
  const slots = chooseSlots(host, nics);
  if (slots === undefined) return undefined;
  const load = Math.max(
    (host.slotCount - host.freeSlots.length + nics.length) / host.slotCount,
    (host.allocatedVcpuCount + vcpuCount) / host.threadCount,
    (host.allocatedMemoryBytes + memoryBytes) / usableMemoryBytes(host),
  );
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  const offered = sum(slots.map(({ maxVqp }) => maxVqp));
  return { host, slots, load, surplus: offered - sum(nics.map(leastQueuePairs)) };
}

function compareOptions(left: Option, right: Option, policy: PlacementPolicy): number {
  const byLoad = policy === "spread" ? left.load - right.load : right.load - left.load;
  return byLoad || left.surplus - right.surplus || compareText(left.host.host, right.host.host);
}
