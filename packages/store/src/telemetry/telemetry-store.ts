import type { HostId, MetricName, Sample } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";
import type { RollUpReport } from "./roll-up-all.ts";
import type { SeriesAnswer, SeriesQuery } from "./series-query.ts";

export interface StoredSample extends Sample {
  readonly host: HostId;
}

export interface TelemetryUpload {
  readonly host: HostId;
  readonly session: string;
  /** Ascending per session; at or below the highest one stored, the batch is dropped. */
  readonly seq: number;
  readonly samples: readonly Sample[];
  readonly droppedCount: number;
}

export interface TelemetryInsertReport {
  /** Batches stored, as indexes into the argument; the others were seen before. */
  readonly stored: readonly number[];
  readonly sampleCount: number;
  /** Samples left out: older than raw ones are kept. */
  readonly expiredCount: number;
}

export interface SampleRange {
  readonly host?: HostId | undefined;
  readonly metric?: MetricName | undefined;
}

/** Samples as they came, kept 24 h, and rollups of them, kept longer. */
export interface TelemetryStore {
  /** Many batches in one transaction that does not wait for the disk. May run twice. */
  insert(uploads: readonly TelemetryUpload[]): Promise<TelemetryInsertReport>;
  /** Oldest first, start included, end not. */
  list(
    page: PageRequest & SampleRange & { readonly startAtMs: number; readonly endAtMs: number },
  ): Promise<Page<StoredSample>>;
  /** The newest sample of every series. */
  latest(range: SampleRange): Promise<readonly StoredSample[]>;
  /**
   * Points of one metric at even steps, from raw samples or the coarsest rollup that the step allows. At most three
   * queries run at once; others wait.
   *
   * @throws StoreError QUERY_TOO_LARGE (series, points or time); InvalidInputError FIELD_INVALID (a rate of a gauge)
   */
  query(query: SeriesQuery): Promise<SeriesAnswer>;
  /** Rolls up what ended; undefined where another controller does. Call it every few seconds. May run twice. */
  rollUp(): Promise<RollUpReport | undefined>;
}
