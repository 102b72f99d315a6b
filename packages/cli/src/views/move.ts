import {
  type MigrationCapability,
  MigrationMethod,
  Move,
  MoveCause,
  MovePhase,
  systemTiming,
} from "@switchyard/client";
import { factsOf } from "../output/error.ts";
import type { View } from "../output/print.ts";
import { formatProblem } from "../output/problem.ts";
import type { Mood, Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { enumWord, formatAge, formatBytes, shortName } from "../output/values.ts";

const MOODS: Readonly<Partial<Record<MovePhase, Mood>>> = {
  [MovePhase.DONE]: "good",
  [MovePhase.FAILED]: "bad",
};

export const isMoveEnded = ({ phase }: Move): boolean =>
  phase === MovePhase.DONE || phase === MovePhase.FAILED;

/** The VM runs, or is back; what is left is to be taken away elsewhere. */
export const hasVmArrived = (move: Move): boolean =>
  isMoveEnded(move) || move.phase === MovePhase.CLEARING || move.phase === MovePhase.SWEEPING;

export const phaseWord = ({ phase }: Move): string => enumWord(MovePhase, phase) || "unknown";

const showPhase = (move: Move, style: Style): string =>
  style.state(MOODS[move.phase] ?? "busy", phaseWord(move));

const columns: readonly Column<Move>[] = [
  { header: "MOVE", cell: ({ name }) => shortName(name) },
  { header: "VM", cell: ({ vm }) => shortName(vm) },
  { header: "FROM", cell: ({ sourceHost }) => shortName(sourceHost) },
  { header: "TO", cell: ({ targetHost }) => shortName(targetHost) },
  { header: "WHY", cell: ({ cause }) => enumWord(MoveCause, cause) },
  { header: "HOW", cell: ({ isLive }) => (isLive ? "live" : "cold") },
  { header: "PHASE", cell: showPhase },
  { header: "REASON", cell: ({ failure }) => failure?.reason ?? "" },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

export const problemOfMove = ({ failure, vm, job }: Move) =>
  ({
    severity: "error",
    message: failure?.message ?? `${vm} did not go`,
    reason: failure?.reason ?? "",
    facts: [
      ["vm", shortName(vm)],
      ["step", failure?.step],
      ...factsOf(failure?.reason ?? "", failure?.metadata ?? {}),
      ["log", job === "" ? undefined : `swy job logs ${shortName(job)}`],
    ],
  }) as const;

const describe = (move: Move, style: Style): string =>
  [
    `${style.bold(move.name)}  ${showPhase(move, style)}\n`,
    formatFields([
      ["vm", shortName(move.vm)],
      ["from", shortName(move.sourceHost)],
      ["to", shortName(move.targetHost)],
      ["why", enumWord(MoveCause, move.cause)],
      ["how", move.isLive ? "live" : "cold"],
      ["stood still", move.downtimeMs === undefined ? "" : `${move.downtimeMs} ms`],
      ["memory sent", move.memoryBytes === 0n ? "" : formatBytes(move.memoryBytes)],
      ["disk", move.diskBytes === 0n ? "" : formatBytes(move.diskBytes)],
      ["new disk", move.hasNewDisk ? "yes: what was written since stays on the lost host" : ""],
      ["job", shortName(move.job)],
    ]),
    move.failure === undefined ? "" : `\n${formatProblem(problemOfMove(move), style)}`,
  ].join("");

export const moveView: View<Move> = {
  plural: "moves",
  toJson: Move.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};

const METHOD_WORDS: Readonly<Partial<Record<MigrationMethod, string>>> = {
  [MigrationMethod.LIVE_VDPA]: "live, with shadowed virtqueues",
  [MigrationMethod.LIVE_VFIO]: "live, by the VF's driver",
  [MigrationMethod.UNPLUG_REPLUG]: "live, without its NICs meanwhile",
  [MigrationMethod.COLD]: "cold: stopped, its disk copied, started",
  [MigrationMethod.NONE]: "not at all",
};

export const methodWords = (method: MigrationMethod): string =>
  METHOD_WORDS[method] ?? enumWord(MigrationMethod, method);

const OBSTACLE_COLUMNS: readonly Column<MigrationCapability["obstacles"][number]>[] = [
  { header: "NOT", cell: ({ method }) => methodWords(method) },
  { header: "FOUND", cell: ({ found }) => found },
  { header: "NEEDS", cell: ({ needs }) => needs },
];

/** The best way a VM can be moved, and why no better one. */
export function formatCapability(capability: MigrationCapability, style: Style): string {
  const { vm, method, obstacles } = capability;
  const head = `${style.bold(vm)}  moves ${methodWords(method)}\n`;
  if (obstacles.length === 0) return head;
  return `${head}\n${formatTable(OBSTACLE_COLUMNS, obstacles, { style, hasHeaders: true })}`;
}
