import type { ExperimentResult } from "@switchyard/model";
import type { Comparison, MetricGroup } from "../compare/compare.ts";
import type { Difference } from "../compare/environment.ts";
import { modesOf, type Subject } from "../compare/subject.ts";
import type { ExperimentMetric } from "../metrics/metrics.ts";
import { PERCENTS } from "../statistics/quantile.ts";
import {
  formatChange,
  formatCount,
  formatFigure,
  formatInterval,
  formatMedian,
  formatP,
  formatPercentile,
} from "./format.ts";

/** Cells as text, for whoever aligns them. */
export interface TextTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const headingOf = ({ title, unit, better }: ExperimentMetric): string =>
  `${title}${unit === "" ? "" : `, ${unit}`} (${better} is better)`;

/** One metric: every figure with its ground, its interval, and its change against the baseline above it. */
export function groupTable({ entries }: MetricGroup): TextTable {
  const isCompared = entries.some(({ change }) => change !== undefined);
  return {
    headers: ["MODE", "EXPERIMENT", "GROUND", "MEDIAN", "95% INTERVAL", "N", "CHANGE", "P"],
    rows: entries.map(({ mode, subject, ground, figure, change }) => [
      mode,
      subject,
      ground,
      formatMedian(figure),
      formatInterval(figure),
      formatCount(figure),
      isCompared ? formatChange(change) : "-",
      formatP(change?.p),
    ]),
  };
}

/** One line for each value, so that hosts and experiments of any number stay readable. */
export const differenceTable = (differences: readonly Difference[]): TextTable => ({
  headers: ["DIFFERS", "WHERE", "VALUE"],
  rows: differences.flatMap(({ fact, values }) =>
    values.map(({ where, value }, at) => [at === 0 ? fact : "", where, value]),
  ),
});

export const equalTable = (equal: Readonly<Record<string, string>>): TextTable => ({
  headers: ["EQUAL", "VALUE"],
  rows: Object.entries(equal),
});

/** Percentiles of all round trips of a mode together: those of rounds are never averaged. */
function latencyRows(result: ExperimentResult): readonly (readonly string[])[] {
  return modesOf({ kind: "measured", result }).flatMap((mode) => {
    const readings = result.rounds.flatMap((round) =>
      round.mode === mode && round.latency !== undefined ? [round.latency] : [],
    );
    const trips = readings.flatMap(({ roundTripMicros }) => roundTripMicros);
    if (readings.length === 0) return [];
    const sent = readings.reduce((sum, reading) => sum + reading.sent, 0);
    const received = readings.reduce((sum, reading) => sum + reading.received, 0);
    const greatest = trips.reduce((max, each) => Math.max(max, each), Number.NEGATIVE_INFINITY);
    return [
      [
        mode,
        result.experiment,
        result.ground,
        ...PERCENTS.map((percent) => formatPercentile(trips, percent)),
        formatFigure(greatest),
        String(trips.length),
        String(sent - received),
      ],
    ];
  });
}

/** Undefined where nobody measured latency. */
export function latencyTable(subjects: readonly Subject[]): TextTable | undefined {
  const rows = subjects.flatMap((subject) =>
    subject.kind === "measured" ? latencyRows(subject.result) : [],
  );
  const percents = PERCENTS.map((percent) => `P${percent}`);
  return rows.length === 0
    ? undefined
    : { headers: ["MODE", "EXPERIMENT", "GROUND", ...percents, "MAX", "N", "LOST"], rows };
}

export const LATENCY_HEADING = "round trips of all rounds together, µs";

/** What the marks in the tables mean. */
export const LEGEND =
  "CHANGE is of the median against the baseline above it. ~ is not significant at 5 % (Mann-Whitney's U test, two-sided; P after Holm's correction within the table). ? is too few rounds to tell. Intervals are the bootstrap's for the median.";

/** Says in one line what is compared and on what ground it stands. */
export const titleOf = ({ by, subjects }: Comparison): string => {
  const names = subjects.map((subject) =>
    subject.kind === "measured"
      ? `${subject.result.experiment} [${subject.result.ground}]`
      : `${subject.figures.name} [reference]`,
  );
  return by === "mode" ? `Modes of ${names.join()}` : names.join(" against ");
};
