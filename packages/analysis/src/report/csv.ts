import type { ExperimentResult, ExperimentRound } from "@switchyard/model";
import { PERCENTS, percentile } from "../statistics/quantile.ts";

type Cell = string | number | undefined;

/**
 * RFC 4180. Text that a spreadsheet would take for a formula is led by an apostrophe: tool names come from guests.
 */
function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Empty in modes that put nothing into the card. */
function offloadText({ offload = [] }: ExperimentRound): Cell {
  if (offload.length === 0) return undefined;
  return offload.every(({ isProven }) => isProven) ? "proven" : "not proven";
}

interface Column {
  readonly header: string;
  readonly cell: (result: ExperimentResult, round: ExperimentRound) => Cell;
}

const FIXED: readonly Column[] = [
  { header: "experiment", cell: ({ experiment }) => experiment },
  { header: "ground", cell: ({ ground }) => ground },
  { header: "mode", cell: (_result, { mode }) => mode },
  { header: "round", cell: (_result, { round }) => round },
  { header: "offload", cell: (_result, round) => offloadText(round) },
  {
    header: "start_time",
    cell: (_result, { startedAtMs }) => new Date(startedAtMs).toISOString(),
  },
  { header: "throughput_tool", cell: (_result, { throughput }) => throughput.tool },
  { header: "streams", cell: (_result, { throughput }) => throughput.streamCount },
  { header: "seconds", cell: (_result, { throughput }) => throughput.seconds },
  { header: "bytes", cell: (_result, { throughput }) => throughput.bytes },
  { header: "bits_per_second", cell: (_result, { throughput }) => throughput.bitsPerSecond },
  { header: "retransmits", cell: (_result, { throughput }) => throughput.retransmits },
  { header: "latency_tool", cell: (_result, { latency }) => latency?.tool },
  { header: "pings_sent", cell: (_result, { latency }) => latency?.sent },
  { header: "pings_received", cell: (_result, { latency }) => latency?.received },
  ...PERCENTS.map((percent) => ({
    header: `round_trip_p${percent}_us`,
    cell: (_result: ExperimentResult, { latency }: ExperimentRound) =>
      latency && percentile(latency.roundTripMicros, percent),
  })),
  {
    header: "round_trip_max_us",
    cell: (_result, { latency }) =>
      latency?.roundTripMicros.reduce((max, each) => Math.max(max, each), Number.NEGATIVE_INFINITY),
  },
];

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();

function hostColumns(rounds: readonly ExperimentRound[]): readonly Column[] {
  const hosts = distinct(rounds.flatMap(({ cpu }) => cpu.map(({ host }) => host)));
  const busy = hosts.map((host) => ({
    header: `busy_threads:${host}`,
    cell: (_result: ExperimentResult, { cpu }: ExperimentRound) =>
      cpu.find((reading) => reading.host === host)?.busyThreads,
  }));
  const sources = distinct(
    rounds.flatMap(({ power }) => power.map(({ host, source }) => `${source}:${host}`)),
  );
  const power = sources.flatMap((name) => {
    const read = ({ power }: ExperimentRound) =>
      power.find(({ host, source }) => `${source}:${host}` === name);
    return [
      {
        header: `joules:${name}`,
        cell: (_: ExperimentResult, r: ExperimentRound) => read(r)?.joules,
      },
      {
        header: `power_seconds:${name}`,
        cell: (_: ExperimentResult, r: ExperimentRound) => read(r)?.seconds,
      },
      {
        header: `idle_watts:${name}`,
        cell: (_: ExperimentResult, r: ExperimentRound) => read(r)?.idleWatts,
      },
    ];
  });
  return [...busy, ...power];
}

/**
 * The rounds as they were measured, a line each, with columns for every host and source of power. Single round trips and
 * seconds of a run are in the JSON export.
 */
export function formatCsv(results: readonly ExperimentResult[]): string {
  const columns = [...FIXED, ...hostColumns(results.flatMap(({ rounds }) => rounds))];
  const lines = results.flatMap((result) =>
    result.rounds.map((round) => columns.map(({ cell }) => cellText(cell(result, round)))),
  );
  return [columns.map(({ header }) => cellText(header)), ...lines]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");
}
