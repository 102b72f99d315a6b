import type { FleetAffinity } from "./affinity.ts";
import type { CandidateHost } from "./candidate.ts";
import { rejectHost } from "./filters/reject-host.ts";
import type { PlacementNeeds } from "./needs.ts";
import { chooseSlots } from "./slots.ts";
import { type Option, totalOf } from "./weighers.ts";

/** A host that fits, with the slots the VM would take and the weighted sum of all scores. */
export interface Judgement extends Option {
  readonly total: number;
}

/** The host for the VM; undefined where a filter refuses it. Neither the VM's name nor another host has a say. */
export function judge(
  host: CandidateHost,
  needs: PlacementNeeds,
  around: FleetAffinity,
): Judgement | undefined {
  if (rejectHost(host, needs, around) !== undefined) return undefined;
  const slots = chooseSlots(host, needs);
  if (slots === undefined) return undefined;
  return { host, slots, total: totalOf({ host, slots }, needs, around.preferred) };
}

/** Judges hosts for one VM. */
export type Judge = (host: CandidateHost) => Judgement | undefined;

/**
 * Judgements that hold for as long as a host's record is the same object: of a fleet only what changed since the
 * last VM that asks for the same is judged anew. What it gives is what {@link judge} gives.
 */
export interface Judgements {
  judgeFor(needs: PlacementNeeds, around: FleetAffinity): Judge;
}

/** Kinds of VMs remembered at once, those asked for last: each costs a hundred bytes a host. */
const SHAPES_MAX = 32;

/** All that a judgement depends on besides the host. */
function shapeOf({ vm: _, ...needs }: PlacementNeeds, { required }: FleetAffinity): string {
  return JSON.stringify([needs, required]);
}

type Known = WeakMap<CandidateHost, Judgement | "refused">;

export function createJudgements(): Judgements {
  const shapes = new Map<string, Known>();

  const knownOf = (shape: string): Known => {
    const known: Known = shapes.get(shape) ?? new WeakMap();
    shapes.delete(shape);
    shapes.set(shape, known);
    if (shapes.size > SHAPES_MAX) shapes.delete(shapes.keys().next().value!); // there are many
    return known;
  };
  return {
    judgeFor: (needs, around) => {
      const known = knownOf(shapeOf(needs, around));
      return (host) => {
        let judgement = known.get(host);
        if (judgement === undefined) {
          judgement = judge(host, needs, around) ?? "refused";
          known.set(host, judgement);
        }
        return judgement === "refused" ? undefined : judgement;
      };
    },
  };
}
