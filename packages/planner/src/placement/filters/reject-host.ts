import type { FleetAffinity } from "../affinity.ts";
import type { CandidateHost } from "../candidate.ts";
import type { PlacementNeeds } from "../needs.ts";
import {
  FILTER_NAMES,
  type Filter,
  type FilterName,
  type Refusal,
  type RejectedHost,
} from "./filter.ts";
import { affinity, memory, vcpu } from "./host-room.ts";
import { bridge, mode, numa, queues, slots } from "./host-slots.ts";
import {
  architecture,
  connected,
  cordoned,
  experiment,
  labels,
  ready,
  runtime,
} from "./host-state.ts";

/** In the order in which a person would ask; where one fails, the next that depend on it say nothing new. */
const FILTERS: Readonly<Record<FilterName, Filter>> = {
  experiment,
  connected,
  cordoned,
  ready,
  architecture,
  labels,
  mode,
  bridge,
  slots,
  queues,
  numa,
  vcpu,
  memory,
  runtime,
  affinity,
};

const ORDER = FILTER_NAMES.map((filter) => [filter, FILTERS[filter]] as const);

/** Filters that look at slots, which mean nothing on a host in another mode or on another bridge. */
const AFTER: Partial<Readonly<Record<FilterName, readonly FilterName[]>>> = {
  mode: ["bridge", "slots", "queues", "numa"],
  bridge: ["slots", "queues", "numa"],
  slots: ["queues", "numa"],
  queues: ["numa"],
};

/** The first filter that the host fails; undefined when it can take the VM. */
export function rejectHost(
  host: CandidateHost,
  needs: PlacementNeeds,
  around: FleetAffinity,
): RejectedHost | undefined {
  for (const [filter, judge] of ORDER) {
    const verdict = judge(host, needs, around);
    if (verdict !== undefined) return { host: host.host, filter, ...verdict };
  }
  return undefined;
}

/** Every filter that the host fails, but for those that follow from another. */
export function refusalsOf(
  host: CandidateHost,
  needs: PlacementNeeds,
  around: FleetAffinity,
): readonly Refusal[] {
  const skipped = new Set<FilterName>();
  return ORDER.flatMap(([filter, judge]) => {
    if (skipped.has(filter)) return [];
    const verdict = judge(host, needs, around);
    if (verdict === undefined) return [];
    for (const each of AFTER[filter] ?? []) skipped.add(each);
    return [{ filter, ...verdict }];
  });
}
