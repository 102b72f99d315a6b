import type { HostId, MetricName, Sample } from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

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
}

export interface SampleRange {
  readonly host?: HostId | undefined;
  readonly metric?: MetricName | undefined;
}

/** Samples in hourly partitions, kept 24 h. */
export interface TelemetryStore {
  /** Many batches in one transaction that does not wait for the disk. May run twice. */
  insert(uploads: readonly TelemetryUpload[]): Promise<TelemetryInsertReport>;
  /** Oldest first, start included, end not. */
  list(
    page: PageRequest & SampleRange & { readonly startAtMs: number; readonly endAtMs: number },
  ): Promise<Page<StoredSample>>;
  /** The newest sample of every series. */
  latest(range: SampleRange): Promise<readonly StoredSample[]>;
}
