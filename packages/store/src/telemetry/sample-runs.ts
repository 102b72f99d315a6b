import type { HostId } from "@switchyard/model";
import type { SampleRows } from "./latest.ts";
import { RAW } from "./levels.ts";
import { RUN_MS } from "./raw-samples.ts";
import { NO_SERIES } from "./series-ids.ts";
import type { TelemetryUpload } from "./telemetry-store.ts";

/** Samples of one row at most: once a second for a minute. */
const RUN_SAMPLES_MAX = 60;

/**
 * Rows of `telemetry_raw`, side by side: a sample of a series, and those that follow it within a minute and in the same
 * partition.
 */
export interface SampleRuns {
  readonly ids: readonly number[];
  readonly hosts: readonly HostId[];
  readonly firstMs: readonly number[];
  readonly firstValues: readonly number[];
  /** Where a row's later samples begin in the columns of them; the next row's begin where they end. */
  readonly laterFrom: readonly number[];
  /** Milliseconds after the first one of the row, ascending. */
  readonly laterMs: readonly number[];
  readonly laterValues: readonly number[];
}

interface GrowingRuns {
  readonly ids: number[];
  readonly hosts: HostId[];
  readonly firstMs: number[];
  readonly firstValues: number[];
  readonly laterFrom: number[];
  readonly laterMs: number[];
  readonly laterValues: number[];
}

export const noRuns = (): GrowingRuns => ({
  ids: [],
  hosts: [],
  firstMs: [],
  firstValues: [],
  laterFrom: [],
  laterMs: [],
  laterValues: [],
});

/**
 * Adds an upload's samples; numbers that nobody named, and values that are none, are left out.
 *
 * @returns how many it added
 */
export function addRuns(
  runs: GrowingRuns,
  { columns, host }: TelemetryUpload,
  dictionary: readonly number[],
): number {
  const { series, atMs, value } = columns;
  let runId = NO_SERIES;
  let firstMs = 0;
  let beforeMs = 0;
  let endMs = 0;
  let count = 0;
  let added = 0;
  for (let at = 0; at < series.length; at += 1) {
    const id = dictionary[series[at]!] ?? NO_SERIES; // within the columns, as below
    if (id === NO_SERIES || !Number.isFinite(value[at])) continue;
    const ms = Math.round(atMs[at]!);
    if (id === runId && ms >= beforeMs && ms < endMs && count < RUN_SAMPLES_MAX) {
      runs.laterMs.push(ms - firstMs);
      runs.laterValues.push(value[at]!);
      count += 1;
    } else {
      runs.ids.push(id);
      runs.hosts.push(host);
      runs.firstMs.push(ms);
      runs.firstValues.push(value[at]!);
      runs.laterFrom.push(runs.laterMs.length);
      [runId, firstMs, count] = [id, ms, 1];
      const partitionEndMs = (Math.floor(ms / RAW.partitionMs) + 1) * RAW.partitionMs;
      endMs = Math.min(ms + RUN_MS, partitionEndMs);
    }
    beforeMs = ms;
    added += 1;
  }
  return added;
}

/** Not included. */
export const laterTo = ({ laterFrom, laterMs }: SampleRuns, run: number): number =>
  laterFrom[run + 1] ?? laterMs.length;

export const sampleCountOf = (runs: SampleRuns, run: number): number =>
  1 + laterTo(runs, run) - runs.laterFrom[run]!; // a run of them, as below

/** The last sample of each run. */
export function lastOf(runs: SampleRuns): SampleRows {
  const { ids, firstMs, firstValues, laterFrom, laterMs, laterValues } = runs;
  const lastAt = ids.map((_id, run) => laterTo(runs, run) - 1);
  const isOnly = (run: number) => lastAt[run]! < laterFrom[run]!;
  return {
    ids,
    atMs: firstMs.map((ms, run) => (isOnly(run) ? ms : ms + laterMs[lastAt[run]!]!)),
    values: firstValues.map((value, run) => (isOnly(run) ? value : laterValues[lastAt[run]!]!)),
  };
}
