import type { HostId, MetricName, Sample } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";
import type { RollUpReport } from "./roll-up-all.ts";
import type { SeriesAnswer, SeriesQuery } from "./series-query.ts";

export interface StoredSample extends Sample {
  readonly host: HostId;
}

/** A series of a host; undefined for a metric that this release does not know. */
export type NamedSeries = { readonly metric: MetricName; readonly object: string } | undefined;

/** A batch of one session of an agent, in which series have numbers. */
export interface TelemetryUpload {
  readonly host: HostId;
  readonly session: string;
  /** From 1, each once; a batch that was stored is not stored again. */
  readonly seq: number;
  /** Samples that the agent gave up since it started. */
  readonly droppedCount: number;
  /** Number of the first series named here; the session's others were named before, in other batches perhaps. */
  readonly firstSeries: number;
  readonly names: readonly NamedSeries[];
  /** Of equal length: numbers of series, milliseconds since the epoch, and values. */
  readonly columns: {
    readonly series: Int32Array;
    readonly atMs: Float64Array;
    readonly value: Float64Array;
  };
}

export interface TelemetryInsertReport {
  /** Batches stored, as indexes into the argument. */
  readonly stored: readonly number[];
  /**
   * Batches left for later: they have series that a batch names which is not stored yet. Those in neither list were
   * stored before.
   */
  readonly unnamed: readonly number[];
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
  /**
   * Many batches in one transaction that does not wait for the disk: what the database loses in a crash, the broker
   * has acknowledged. May run twice, and at several controllers at once.
   */
  insert(uploads: readonly TelemetryUpload[]): Promise<TelemetryInsertReport>;
  /** Oldest first, start included, end not. */
  list(
    page: PageRequest & SampleRange & { readonly startAtMs: number; readonly endAtMs: number },
  ): Promise<Page<StoredSample>>;
  /** Writes down the newest sample of series that inserts brought, for `latest` elsewhere. Every few seconds. */
  settleLatest(): Promise<void>;
  /**
   * Takes what inserts brought into the index by which queries find raw samples: until then each of them reads all of
   * it. Every second. May run twice.
   */
  indexBlocks(): Promise<void>;
  /** The newest sample of every series; what came in through another controller is some seconds older. */
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
