import {
  Rollout,
  type RolloutGate,
  RolloutGateVerdict,
  type RolloutHost,
  RolloutHostState,
  systemTiming,
} from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Mood, Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import { enumWord, formatAge, shortName } from "../output/values.ts";
import { showRolloutHostState, showRolloutState } from "./kinds.ts";
import { profileFields, profilesCell, scopeNotes, scopeText } from "./rollout-profiles.ts";

const countsText = ({ counts }: Rollout): string => {
  const words = {
    updated: counts?.updated,
    unchanged: counts?.unchanged,
    "under way": counts?.underWay,
    waiting: counts?.waiting,
    failed: counts?.failed,
    "rolled back": counts?.rolledBack,
  };
  return Object.entries(words)
    .filter(([, count = 0]) => count > 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");
};

/** One line that tells where it stands. */
export const rolloutLine = (rollout: Rollout, style: Style): string => {
  const { wave, waveCount, state, stateReason, hold } = rollout;
  const why = stateReason === "" ? "" : ` (${stateReason})`;
  const held = hold === "" ? "" : `; ${style.state("bad", `held: ${hold}`)}`;
  return `${showRolloutState(state, style)} wave ${wave} of ${waveCount}: ${countsText(rollout)}${why}${held}`;
};

const columns: readonly Column<Rollout>[] = [
  { header: "ROLLOUT", cell: ({ name }) => shortName(name) },
  { header: "STATE", cell: ({ state }, style) => showRolloutState(state, style) },
  { header: "WAVE", cell: ({ wave, waveCount }) => `${wave}/${waveCount}` },
  { header: "HOSTS", cell: countsText },
  { header: "PROFILES", cell: profilesCell },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

function changeText({ spec }: Rollout): string {
  const { hwOffload, rebootReason = "" } = spec?.change ?? {};
  const words = [
    hwOffload === undefined ? "" : `hw-offload=${hwOffload}`,
    rebootReason === "" ? "" : `boot every host: ${rebootReason}`,
  ].filter((word) => word !== "");
  return words.join("; ") || "hosts to their profiles as they are";
}

function gateText({ gate }: RolloutGate): string {
  if (gate?.$case === "metric") {
    const { metric, percent } = gate.value;
    return percent > 0 ? `${metric}>+${percent}%` : `${metric}<${percent}%`;
  }
  const { baseline = "", conditions = [] } = gate?.value ?? {};
  return `experiment like ${shortName(baseline)}: ${conditions.join(", ")}`;
}

const MOODS: Readonly<Partial<Record<RolloutGateVerdict, Mood>>> = {
  [RolloutGateVerdict.PENDING]: "busy",
  [RolloutGateVerdict.PASSED]: "good",
  [RolloutGateVerdict.FAILED]: "bad",
  [RolloutGateVerdict.INCONCLUSIVE]: "warn",
};

/** Every gate, with what it found after each wave. */
const gateFields = ({ spec, gates }: Rollout, style: Style): readonly [string, string][] =>
  (spec?.strategy?.gates ?? []).flatMap((gate, position) => {
    const outcomes = gates.filter((each) => each.position === position);
    const lines = outcomes.map(
      ({ wave, verdict, found, accepted, experiment }): [string, string] => {
        const word = style.state(MOODS[verdict] ?? "plain", enumWord(RolloutGateVerdict, verdict));
        const whose = experiment === "" ? "" : ` (${experiment})`;
        const nevertheless = accepted ? ", accepted" : "";
        return ["", `wave ${wave}: ${word}${nevertheless}: ${plainText(found)}${whose}`];
      },
    );
    return [["gate", gateText(gate)], ...lines];
  });

function domainText({ spec }: Rollout): string | undefined {
  const { domainLabel = "", domainMaxUnavailable = 0 } = spec?.strategy ?? {};
  return domainLabel === "" ? undefined : `${domainMaxUnavailable} down at once by ${domainLabel}`;
}

function haltText({ halt }: Rollout): string | undefined {
  if (halt === undefined) return undefined;
  const { signalTime, haltTime, blastRadius } = halt;
  const latencyMs = (haltTime?.getTime() ?? 0) - (signalTime?.getTime() ?? 0);
  return `${latencyMs} ms after the first bad signal, ${blastRadius} hosts begun in between`;
}

const describe = (rollout: Rollout, style: Style): string =>
  `${style.bold(rollout.name)}\n${formatFields([
    ["state", rolloutLine(rollout, style)],
    ["over", scopeText(rollout)],
    ["change", changeText(rollout)],
    ...profileFields(rollout),
    ...scopeNotes(rollout).map((note): [string, string] => ["outside", note]),
    ["back", rollout.canRollBack ? "can be rolled back" : "no version was proven before"],
    ["domains", domainText(rollout)],
    ...gateFields(rollout, style),
    ["halted", haltText(rollout)],
    ["soaks until", rollout.soakEndTime?.toISOString()],
    ["ended", rollout.endTime?.toISOString()],
    ["etag", rollout.etag],
  ])}`;

export const rolloutView: View<Rollout> = {
  plural: "rollouts",
  toJson: Rollout.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};

const hostColumns = (style: Style): readonly Column<RolloutHost>[] => [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "PROFILE", cell: ({ profile }) => shortName(profile) },
  { header: "WAVE", isNumber: true, cell: ({ wave }) => String(wave) },
  { header: "STATE", cell: ({ state }) => showRolloutHostState(state, style) },
  { header: "HARDWARE", cell: ({ hardwareClass }) => hardwareClass },
  {
    header: "SEEN",
    cell: ({ state, failure, proof }) =>
      state === RolloutHostState.FAILED ? `${failure?.message} [${failure?.reason}]` : proof,
  },
];

export const formatRolloutHosts = (hosts: readonly RolloutHost[], style: Style): string =>
  hosts.length === 0
    ? ""
    : `\n${formatTable(hostColumns(style), hosts, { style, hasHeaders: true })}`;
