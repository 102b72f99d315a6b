import type { NumaNode } from "@switchyard/model";
import type { CandidateHost, FreeSlot } from "./candidate.ts";
import { leastQueuePairs, type NicNeed, type PlacementNeeds } from "./needs.ts";

/** The NICs that are hardest to satisfy first, by their place in the VM. */
function inOrderOfNeed(nics: readonly NicNeed[]): readonly number[] {
  return nics
    .map((_, index) => index)
    .sort((left, right) => leastQueuePairs(nics[right]!) - leastQueuePairs(nics[left]!)); // both are places
}

/** The first slot that will do for one NIC; every VM of a fleet asks it of every host, so it allocates nothing. */
function pickOne(
  slots: readonly FreeSlot[],
  nic: NicNeed,
  nodes: readonly number[] | undefined,
): FreeSlot | undefined {
  const least = leastQueuePairs(nic);
  for (const slot of slots) {
    if (slot.maxVqp < least || slot.kind !== nic.kind) continue;
    if (nodes === undefined || nodes.includes(slot.numaNode)) return slot;
  }
  return undefined;
}

/**
 * A slot for each NIC, in their order: each takes the one with fewest queue pairs that will do; undefined where
 * they are too few.
 *
 * @param nodes NUMA nodes whose slots may be taken; undefined: all
 */
function pick(
  host: CandidateHost,
  nics: readonly NicNeed[],
  nodes: readonly number[] | undefined,
): readonly FreeSlot[] | undefined {
  const [only] = nics;
  if (only !== undefined && nics.length === 1) {
    const slot = pickOne(host.freeSlots, only, nodes);
    return slot && [slot];
  }
  const taken = new Map<number, FreeSlot>();
  let left = host.freeSlots;
  for (const index of inOrderOfNeed(nics)) {
    const slot = pickOne(left, nics[index]!, nodes); // the order holds places of NICs only
    if (slot === undefined) return undefined;
    taken.set(index, slot);
    left = left.filter((each) => each !== slot);
  }
  return nics.map((_, index) => taken.get(index)!); // each index was set
}

/**
 * Whether the slots have the queue pairs of all NICs, wherever they are: those that need most get those that have
 * most.
 */
export function haveQueuePairs(slots: readonly FreeSlot[], nics: readonly NicNeed[]): boolean {
  const [only] = nics;
  if (nics.length === 1 && only !== undefined) {
    return (slots.at(-1)?.maxVqp ?? -1) >= leastQueuePairs(only);
  }
  return inOrderOfNeed(nics).every(
    (index, at) => (slots.at(-1 - at)?.maxVqp ?? -1) >= leastQueuePairs(nics[index]!), // a place
  );
}

/** Whether a NUMA node is large enough for the whole VM, as far as the agent tells of its nodes. */
export const nodeFits = (
  node: NumaNode | undefined,
  needs: Pick<PlacementNeeds, "vcpuCount" | "memoryBytes">,
): boolean =>
  node !== undefined &&
  node.threadCount >= needs.vcpuCount &&
  node.memoryBytes >= needs.memoryBytes;

const nodeOf = (host: CandidateHost, number: number): NumaNode | undefined =>
  host.numaNodes.find(({ node }) => node === number);

/** NUMA nodes that are large enough for the whole VM. */
const largeNodes = (host: CandidateHost, needs: PlacementNeeds): readonly number[] => {
  const nodes: number[] = [];
  for (const node of host.numaNodes) if (nodeFits(node, needs)) nodes.push(node.node);
  return nodes;
};

/** Slots on one NUMA node that has room for the whole VM. */
function pickOnOneNode(
  host: CandidateHost,
  needs: PlacementNeeds,
): readonly FreeSlot[] | undefined {
  const nodes = largeNodes(host, needs);
  if (needs.nics.length === 1) return pick(host, needs.nics, nodes);
  for (const node of nodes) {
    const slots = pick(host, needs.nics, [node]);
    if (slots !== undefined) return slots;
  }
  return undefined;
}

/** The slots that a VM would take of the host, one per NIC; undefined where the host has none for it. */
export function chooseSlots(
  host: CandidateHost,
  needs: PlacementNeeds,
): readonly FreeSlot[] | undefined {
  switch (needs.numa) {
    case "required":
      return pickOnOneNode(host, needs);
    case "preferred":
      return pickOnOneNode(host, needs) ?? pick(host, needs.nics, undefined);
    case "any":
      return pick(host, needs.nics, undefined);
  }
}

/** Whether the slots lie on one NUMA node that has room for the VM; undefined where nobody knows. */
export function isNear(
  host: CandidateHost,
  slots: readonly FreeSlot[],
  needs: PlacementNeeds,
): boolean | undefined {
  const number = slots[0]?.numaNode ?? -1;
  if (number < 0 || host.numaNodes.length === 0) return undefined;
  const isOne = slots.every(({ numaNode }) => numaNode === number);
  return isOne && nodeFits(nodeOf(host, number), needs);
}

/**
 * Other slots of the host that are as good as those chosen: clients that lost a race for the first of them then meet
 * at none of them again.
 */
export function scatterSlots(
  host: CandidateHost,
  slots: readonly FreeSlot[],
  seed: number,
): readonly FreeSlot[] {
  const taken = new Set<FreeSlot>();
  for (const slot of slots) {
    const equals = host.freeSlots.filter(
      (each) =>
        !taken.has(each) &&
        each.kind === slot.kind &&
        each.maxVqp === slot.maxVqp &&
        each.numaNode === slot.numaNode,
    );
    taken.add(equals[seed % equals.length] ?? slot);
  }
  return [...taken];
}
