import type { ExperimentResult } from "@switchyard/model";
import type { Comparison, Entry } from "../compare/compare.ts";
import { nameOf, type Subject } from "../compare/subject.ts";
import { PERCENTS, percentile } from "../statistics/quantile.ts";

const subjectDocument = (subject: Subject) =>
  subject.kind === "published"
    ? { ground: "reference" as const, ...subject.figures }
    : {
        name: nameOf(subject),
        ground: subject.result.ground,
        startTime: new Date(subject.result.startedAtMs).toISOString(),
        endTime: new Date(subject.result.endedAtMs).toISOString(),
        environment: subject.result.environment,
      };

const entryDocument = ({ mode, subject, ground, figure, change }: Entry) => ({
  mode,
  experiment: subject,
  ground,
  ...(figure.kind === "measured"
    ? { ...figure.summary, values: figure.values }
    : { published: figure.figure }),
  ...(change !== undefined && {
    change: { ...change, delta: change.delta ?? null, p: change.p ?? null },
  }),
});

function latencyDocument(result: ExperimentResult) {
  const modes = [...new Set(result.rounds.map(({ mode }) => mode))];
  return modes.flatMap((mode) => {
    const trips = result.rounds.flatMap((round) =>
      round.mode === mode ? (round.latency?.roundTripMicros ?? []) : [],
    );
    if (trips.length === 0) return [];
    const percentiles = PERCENTS.map((percent) => [
      `p${percent}`,
      percentile(trips, percent) ?? null,
    ]);
    return [
      {
        mode,
        experiment: result.experiment,
        ground: result.ground,
        count: trips.length,
        microseconds: {
          ...Object.fromEntries(percentiles),
          max: trips.reduce((max, each) => Math.max(max, each)),
        },
      },
    ];
  });
}

/** A comparison as one JSON document, with the values of every round that it was made from. */
export const comparisonDocument = ({
  by,
  subjects,
  environment,
  warnings,
  groups,
}: Comparison) => ({
  by,
  experiments: subjects.map(subjectDocument),
  environment,
  warnings,
  metrics: groups.map(({ metric: { id, title, unit, better }, entries }) => ({
    metric: id,
    title,
    unit,
    better,
    figures: entries.map(entryDocument),
  })),
  latency: subjects.flatMap((subject) =>
    subject.kind === "measured" ? latencyDocument(subject.result) : [],
  ),
});
