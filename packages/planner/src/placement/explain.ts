import { fleetAffinity } from "./affinity.ts";
import { type CandidateHost, compareText } from "./candidate.ts";
import type { Refusal } from "./filters/filter.ts";
import { refusalsOf } from "./filters/reject-host.ts";
import type { PlacementNeeds } from "./needs.ts";
import { isBetter, optionOf, placedOn, type VmPlace } from "./plan-placement.ts";
import { scoreOf, totalOf, WEIGHER_NAMES, WEIGHTS, type WeigherName } from "./weighers.ts";

export interface WeigherScore {
  readonly weigher: WeigherName;
  /** 0 to 1, more is better. */
  readonly score: number;
  readonly weight: number;
}

/** What placement says of one host: where it stands among those that fit, or everything that refuses it. */
export type PlaceVerdict =
  | {
      readonly kind: "fits";
      readonly candidate: CandidateHost;
      readonly place: VmPlace;
      readonly total: number;
      readonly scores: readonly WeigherScore[];
    }
  | {
      readonly kind: "refused";
      readonly candidate: CandidateHost;
      readonly refusals: readonly Refusal[];
    };

/** Every host: those that fit from the best on, then the refused by name. The first is where the VM would go. */
export function explainPlacement(input: {
  readonly needs: PlacementNeeds;
  readonly candidates: readonly CandidateHost[];
}): readonly PlaceVerdict[] {
  const { needs, candidates } = input;
  const around = fleetAffinity(needs, candidates);
  const verdicts = candidates.map((candidate): PlaceVerdict => {
    const option = optionOf(candidate, needs, around);
    if (option === undefined) {
      return { kind: "refused", candidate, refusals: refusalsOf(candidate, needs, around) };
    }
    const scores = WEIGHER_NAMES.map((weigher) => ({
      weigher,
      score: scoreOf(weigher, option, needs, around.preferred),
      weight: WEIGHTS[weigher],
    }));
    const total = totalOf(option, needs, around.preferred);
    return { kind: "fits", candidate, place: placedOn(option, needs), total, scores };
  });
  return verdicts.sort((left, right) => {
    if (left.kind === "fits" && right.kind === "fits") {
      const [one, other] = [left, right].map(({ total, candidate }) => ({
        total,
        host: candidate.host,
      }));
      return isBetter(needs, one!, other!) ? -1 : 1; // two in, two out
    }
    if (left.kind !== right.kind) return left.kind === "fits" ? -1 : 1;
    return compareText(left.candidate.host, right.candidate.host);
  });
}
