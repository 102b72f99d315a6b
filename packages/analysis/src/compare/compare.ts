import { type ExperimentMode, InvalidInputError } from "@switchyard/model";
import { EXPERIMENT_METRICS, type ExperimentMetric, valuesOf } from "../metrics/metrics.ts";
import { holm } from "../statistics/holm.ts";
import { summarize } from "../statistics/summary.ts";
import { type Change, changeBetween, type Figure, testedP } from "./change.ts";
import { compareEnvironments, type EnvironmentComparison } from "./environment.ts";
import { type Ground, groundOf, modesOf, nameOf, type Subject } from "./subject.ts";
import { warningsOf } from "./warnings.ts";

/** One figure of a group. */
export interface Entry {
  readonly mode: ExperimentMode;
  readonly subject: string;
  readonly ground: Ground;
  readonly figure: Figure;
  /** Against the baseline above it; undefined of a baseline. */
  readonly change: Change | undefined;
}

/** All figures of one metric. Changes in it are corrected together. */
export interface MetricGroup {
  readonly metric: ExperimentMetric;
  readonly entries: readonly Entry[];
}

export interface Comparison {
  /** What is held against what: modes of one experiment, or each mode of two or three. */
  readonly by: "mode" | "experiment";
  readonly subjects: readonly Subject[];
  readonly environment: EnvironmentComparison;
  readonly warnings: readonly string[];
  /** Metrics that nobody measured are left out. */
  readonly groups: readonly MetricGroup[];
}

export const SUBJECTS_MAX = 3;

function figureOf(
  subject: Subject,
  mode: ExperimentMode,
  metric: ExperimentMetric,
): Figure | undefined {
  if (subject.kind === "published") {
    const { figures } = subject;
    const figure = figures.metric === metric.id ? figures.modes[mode] : undefined;
    return figure && { kind: "published", figure };
  }
  const values = valuesOf(subject.result, mode, metric);
  const summary = summarize(values);
  return summary && { kind: "measured", summary, values };
}

/** A figure that is yet to be compared with the first of its line. */
interface Pending {
  readonly entry: Omit<Entry, "change">;
  readonly base: Figure | undefined;
}

/** Figures that belong together: those of one mode, or of one experiment; the first is the baseline. */
function lineOf(
  places: readonly { readonly subject: Subject; readonly mode: ExperimentMode }[],
  metric: ExperimentMetric,
): readonly Pending[] {
  const entries = places.flatMap(({ subject, mode }) => {
    const figure = figureOf(subject, mode, metric);
    if (figure === undefined) return [];
    return [{ mode, subject: nameOf(subject), ground: groundOf(subject), figure }];
  });
  return entries.map((entry, at) => ({ entry, base: at === 0 ? undefined : entries[0]?.figure }));
}

function settle(metric: ExperimentMetric, pending: readonly Pending[]): MetricGroup {
  const tested = pending.flatMap(({ entry, base }) => {
    const p = base && testedP(base, entry.figure);
    return p === undefined ? [] : [{ entry, p }];
  });
  const corrected = holm(tested.map(({ p }) => p));
  const pOf = new Map(tested.map(({ entry }, at) => [entry, corrected[at]]));
  const entries = pending.map(({ entry, base }) => ({
    ...entry,
    change: base && changeBetween(base, entry.figure, { p: pOf.get(entry), size: tested.length }),
  }));
  return { metric, entries };
}

function linesOf(subjects: readonly Subject[], metric: ExperimentMetric): readonly Pending[] {
  const [only, ...others] = subjects;
  if (only !== undefined && others.length === 0) {
    return lineOf(
      modesOf(only).map((mode) => ({ subject: only, mode })),
      metric,
    );
  }
  const modes = [...new Set(subjects.flatMap(modesOf))];
  return modes.flatMap((mode) =>
    lineOf(
      subjects.map((subject) => ({ subject, mode })),
      metric,
    ),
  );
}

/**
 * Compares the modes of one experiment, the first of the model's order being the baseline, or each mode of two or three
 * experiments with the first of them. Refuses nothing for its ground: what should be known of that stands in the warnings.
 *
 * @throws InvalidInputError EXPERIMENTS_NOT_COMPARABLE for none, more than three, or one twice
 */
export function compare(subjects: readonly Subject[]): Comparison {
  const names = subjects.map(nameOf);
  if (subjects.length < 1 || subjects.length > SUBJECTS_MAX || new Set(names).size < names.length) {
    throw new InvalidInputError("EXPERIMENTS_NOT_COMPARABLE", "these can't be compared", {
      found: names.join(", ") || "none",
      needs: `one to ${SUBJECTS_MAX} experiments, none of them twice`,
    });
  }
  const groups = EXPERIMENT_METRICS.map((metric) => settle(metric, linesOf(subjects, metric)));
  return {
    by: subjects.length === 1 ? "mode" : "experiment",
    subjects,
    environment: compareEnvironments(subjects),
    warnings: warningsOf(subjects),
    groups: groups.filter(({ entries }) => entries.length > 0),
  };
}
