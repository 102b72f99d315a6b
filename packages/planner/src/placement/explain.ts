import { fleetAffinity } from "./affinity.ts";
import { type CandidateHost, compareText } from "./candidate.ts";
import type { Refusal } from "./filters/filter.ts";
import { refusalsOf } from "./filters/reject-host.ts";
import { judge } from "./judgements.ts";
import type { PlacementNeeds } from "./needs.ts";
import { isBetter, placedOn, type VmPlace } from "./plan-placement.ts";
import { scoreOf, tieOrderOf, WEIGHER_NAMES, WEIGHTS, type WeigherName } from "./weighers.ts";

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
    const judgement = judge(candidate, needs, around);
    if (judgement === undefined) {
      return { kind: "refused", candidate, refusals: refusalsOf(candidate, needs, around) };
    }
    const scores = WEIGHER_NAMES.map((weigher) => ({
      weigher,
      score: scoreOf(weigher, judgement, needs, around.preferred),
      weight: WEIGHTS[weigher],
    }));
    const { total } = judgement;
    return { kind: "fits", candidate, place: placedOn(judgement, needs), total, scores };
  });
  const orderOf = tieOrderOf(needs.vm);
  return verdicts.sort((left, right) => {
    if (left.kind === "fits" && right.kind === "fits") {
      const [one, other] = [left, right].map(({ total, candidate }) => ({
        total,
        order: orderOf(candidate.host),
        host: candidate.host,
      }));
      return isBetter(one!, other!) ? -1 : 1; // two in, two out
    }
    if (left.kind !== right.kind) return left.kind === "fits" ? -1 : 1;
    return compareText(left.candidate.host, right.candidate.host);
  });
}
