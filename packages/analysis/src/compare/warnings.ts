import type { PowerSource } from "@switchyard/model";
import { watts } from "../metrics/energy.ts";
import { groundOf, modesOf, nameOf, type Subject } from "./subject.ts";

/** Below it an interval is little more than the range, and small changes can't be told from chance. */
export const ROUNDS_WANTED = 5;

const named = (subjects: readonly Subject[]): string =>
  subjects.map((subject) => `${nameOf(subject)} is ${groundOf(subject)}`).join(", ");

function groundWarnings(subjects: readonly Subject[]): readonly string[] {
  const grounds = new Set(subjects.map(groundOf));
  return grounds.size > 1
    ? [`the grounds differ, so a change may come from them alone: ${named(subjects)}`]
    : [];
}

function fewRounds(subjects: readonly Subject[]): readonly string[] {
  const few = subjects.flatMap((subject) => {
    if (subject.kind === "published") return [];
    const { rounds } = subject.result;
    return modesOf(subject).flatMap((mode) => {
      const count = rounds.filter((round) => round.mode === mode).length;
      return count < ROUNDS_WANTED ? [`${mode} of ${nameOf(subject)} has ${count}`] : [];
    });
  });
  return few.length > 0 ? [`fewer than ${ROUNDS_WANTED} rounds: ${few.join(", ")}`] : [];
}

function missingModes(subjects: readonly Subject[]): readonly string[] {
  const modes = [...new Set(subjects.flatMap(modesOf))];
  return subjects.flatMap((subject) => {
    const missing = modes.filter((mode) => !modesOf(subject).includes(mode));
    return missing.length > 0 ? [`${nameOf(subject)} has no figures of ${missing.join(", ")}`] : [];
  });
}

const published = (subjects: readonly Subject[]): readonly string[] =>
  subjects.flatMap((subject) =>
    subject.kind === "published"
      ? [
          `${subject.figures.name} is published data: ranges without rounds, so nothing is tested against it`,
        ]
      : [],
  );

/** Rounds that are of software, though they were to be of the card. */
function unprovenOffload(subjects: readonly Subject[]): readonly string[] {
  return subjects.flatMap((subject) => {
    if (subject.kind === "published") return [];
    const { experiment, rounds } = subject.result;
    const unproven = rounds.flatMap(({ mode, offload = [] }) =>
      offload.filter(({ isProven }) => !isProven).map((reading) => ({ mode, ...reading })),
    );
    const places = new Set(unproven.map(({ mode, host }) => `${mode} on ${host}`));
    return [...places].map((place) => {
      const own = unproven.filter(({ mode, host }) => `${mode} on ${host}` === place);
      return `offload was not proven: ${place} in ${own.length} rounds of ${experiment}, ${own[0]?.found}`;
    });
  });
}

/** Sources that some host had and another had not: their figures are left out. */
function partialPower(subjects: readonly Subject[]): readonly string[] {
  return subjects.flatMap((subject) => {
    if (subject.kind === "published") return [];
    const { result } = subject;
    const partial = new Set<PowerSource>();
    for (const round of result.rounds) {
      for (const { source } of round.power) {
        if (watts(result, round, source) === undefined) partial.add(source);
      }
    }
    return [...partial].map(
      (source) =>
        `${nameOf(subject)}: rounds in which not every host was read by ${source} have no power of that source`,
    );
  });
}

/** What a reader must know before believing the figures, most important first. */
export const warningsOf = (subjects: readonly Subject[]): readonly string[] => [
  ...groundWarnings(subjects),
  ...unprovenOffload(subjects),
  ...published(subjects),
  ...fewRounds(subjects),
  ...missingModes(subjects),
  ...partialPower(subjects),
];
