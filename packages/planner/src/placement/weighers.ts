import type { AffinityRule } from "@switchyard/model";
import { affinityScore } from "./affinity.ts";
import {
  allocatedMemoryBytes,
  type CandidateHost,
  type FreeSlot,
  memoryForVms,
} from "./candidate.ts";
import { leastQueuePairs, type PlacementNeeds } from "./needs.ts";
import { isNear } from "./slots.ts";

/** A host that passed all filters, with the slots the VM would take. */
export interface Option {
  readonly host: CandidateHost;
  readonly slots: readonly FreeSlot[];
}

export const WEIGHER_NAMES = ["affinity", "load", "numa", "image", "scarce"] as const;
export type WeigherName = (typeof WEIGHER_NAMES)[number];

/**
 * What each weigher counts. Preferred rules of the VM come before everything else together; then the load by
 * policy; the rest decides between hosts that are alike.
 */
export const WEIGHTS: Readonly<Record<WeigherName, number>> = {
  affinity: 16,
  load: 8,
  numa: 2,
  image: 1,
  scarce: 1,
};

/** What is worth nothing to know counts half. */
const UNKNOWN = 0.5;

/** Share of the host's scarcest resource that is taken once the VM is on it, 0 to 1. */
export function loadWith({ host, slots }: Option, needs: PlacementNeeds): number {
  return Math.max(
    (host.slotCount - host.freeSlots.length + slots.length) / host.slotCount,
    (host.allocatedVcpuCount + needs.vcpuCount) / host.threadCount,
    (allocatedMemoryBytes(host, needs.hugepageBytes) + needs.memoryBytes) /
      memoryForVms(host, needs.hugepageBytes),
  );
}

/** Queue pairs of the slots that the VM leaves unused, as a share of all theirs. */
function surplus({ slots }: Option, needs: PlacementNeeds): number {
  let all = 0;
  let used = 0;
  for (const [index, { maxVqp }] of slots.entries()) {
    const nic = needs.nics[index];
    all += maxVqp;
    used += nic === undefined ? 0 : Math.min(maxVqp, leastQueuePairs(nic));
  }
  return all === 0 ? 0 : (all - used) / all;
}

/** Each gives 0 to 1, more is better. */
export function scoreOf(
  weigher: WeigherName,
  option: Option,
  needs: PlacementNeeds,
  preferred: readonly AffinityRule[],
): number {
  switch (weigher) {
    case "affinity":
      return affinityScore(option.host, preferred);
    case "load": {
      const load = loadWith(option, needs);
      return needs.policy === "spread" ? 1 - load : load;
    }
    case "numa": {
      const near = isNear(option.host, option.slots, needs);
      return near === undefined ? UNKNOWN : Number(near);
    }
    case "image":
      return needs.image === undefined ? UNKNOWN : Number(option.host.images.has(needs.image.id));
    case "scarce":
      return 1 - surplus(option, needs);
  }
}

/** The weighted sum of all scores; the best host has the highest. */
export function totalOf(
  option: Option,
  needs: PlacementNeeds,
  preferred: readonly AffinityRule[],
): number {
  let total = 0;
  for (const weigher of WEIGHER_NAMES) {
    total += WEIGHTS[weigher] * scoreOf(weigher, option, needs, preferred);
  }
  return total;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const hashOn = (hash: number, text: string): number => {
  let mixed = hash;
  for (let at = 0; at < text.length; at += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(at), FNV_PRIME);
  }
  return mixed;
};

/**
 * Orders hosts that are alike, by VM: clients that ask at the same time then begin with different ones.
 *
 * @see the FNV-1a hash, 32 bits, http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function tieOrderOf(vm: string): (host: string) => number {
  const begun = hashOn(FNV_OFFSET, `${vm}/`);
  return (host) => {
    let hash = hashOn(begun, host);
    // The last characters would else move only the lowest bits, and hosts differ by their last digits.
    hash ^= hash >>> 15;
    hash = Math.imul(hash, FNV_PRIME);
    return (hash ^ (hash >>> 13)) >>> 0;
  };
}
