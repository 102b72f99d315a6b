import type { ExperimentResult, ExperimentRound } from "@switchyard/model";
import { nameOf, type Subject } from "./subject.ts";

/** Something that is not the same everywhere. */
export interface Difference {
  /** `kernel`, `firmware`; `throughput tool` and the like for how it was measured. */
  readonly fact: string;
  readonly values: readonly { readonly where: string; readonly value: string }[];
}

export interface EnvironmentComparison {
  readonly differences: readonly Difference[];
  /** Facts that are the same everywhere, with their value. */
  readonly equal: Readonly<Record<string, string>>;
}

interface Place {
  readonly where: string;
  readonly facts: Readonly<Record<string, string>>;
}

const UNKNOWN = "unknown";

const distinct = (values: readonly (string | number)[]): string =>
  [...new Set(values.map(String))].sort().join(" and ");

const overRounds = (
  { rounds }: ExperimentResult,
  read: (round: ExperimentRound) => string | number | undefined,
): string => distinct(rounds.flatMap((round) => read(round) ?? [])) || UNKNOWN;

/** How it was measured makes figures differ as much as where. */
const methodOf = (result: ExperimentResult): Readonly<Record<string, string>> => ({
  "throughput tool": overRounds(result, ({ throughput }) => throughput.tool),
  streams: overRounds(result, ({ throughput }) => throughput.streamCount),
  "seconds per round": overRounds(result, ({ throughput }) => Math.round(throughput.seconds)),
  "latency tool": overRounds(result, ({ latency }) => latency?.tool),
});

const hostPlaces = (result: ExperimentResult, isNamed: boolean): readonly Place[] =>
  result.environment.map(({ host, facts }) => ({
    where: isNamed ? `${result.experiment}/${host}` : host,
    facts,
  }));

function methodPlaces(subjects: readonly Subject[]): readonly Place[] {
  if (subjects.length < 2) return [];
  return subjects.flatMap((subject) =>
    subject.kind === "measured"
      ? [{ where: nameOf(subject), facts: methodOf(subject.result) }]
      : [],
  );
}

function compareFacts(places: readonly Place[]): EnvironmentComparison {
  const names = [...new Set(places.flatMap(({ facts }) => Object.keys(facts)))].sort();
  const differences: Difference[] = [];
  const equal: Record<string, string> = {};
  for (const fact of names) {
    const values = places.map(({ where, facts }) => ({ where, value: facts[fact] ?? UNKNOWN }));
    const [first] = values;
    if (first !== undefined && values.every(({ value }) => value === first.value)) {
      equal[fact] = first.value;
    } else differences.push({ fact, values });
  }
  return { differences, equal };
}

/**
 * What may make figures differ beside what was varied on purpose: facts of the hosts, of one experiment or of all of them,
 * and between experiments how they measured. Published figures tell nothing that could be compared.
 */
export function compareEnvironments(subjects: readonly Subject[]): EnvironmentComparison {
  const hosts = compareFacts(
    subjects.flatMap((subject) =>
      subject.kind === "measured" ? hostPlaces(subject.result, subjects.length > 1) : [],
    ),
  );
  const method = compareFacts(methodPlaces(subjects));
  return {
    differences: [...hosts.differences, ...method.differences],
    equal: { ...hosts.equal, ...method.equal },
  };
}
