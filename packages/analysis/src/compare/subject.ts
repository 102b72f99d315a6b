import { EXPERIMENT_MODES, type ExperimentMode, type ExperimentResult } from "@switchyard/model";
import type { PublishedFigures } from "../reference/published-figures.ts";

/** One side of a comparison. */
export type Subject =
  | { readonly kind: "measured"; readonly result: ExperimentResult }
  | { readonly kind: "published"; readonly figures: PublishedFigures };

export type Ground = ExperimentResult["ground"];

export const nameOf = (subject: Subject): string =>
  subject.kind === "measured" ? subject.result.experiment : subject.figures.name;

/** Where its figures come from; shown wherever one of them is. */
export const groundOf = (subject: Subject): Ground =>
  subject.kind === "measured" ? subject.result.ground : "reference";

/** Modes it has figures of, in the order of the model. */
export function modesOf(subject: Subject): readonly ExperimentMode[] {
  const has = (mode: ExperimentMode): boolean =>
    subject.kind === "measured"
      ? subject.result.rounds.some((round) => round.mode === mode)
      : subject.figures.modes[mode] !== undefined;
  return EXPERIMENT_MODES.filter(has);
}
