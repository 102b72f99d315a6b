import { parseSnapshotSeries, SNAPSHOT_LIMITS, type SnapshotSeries } from "@switchyard/model";
import { deflateJson, inflateJson } from "./deflated-json.ts";

const NOTHING: Buffer<ArrayBufferLike> = Buffer.alloc(0);

const withoutKernelLogs = (series: SnapshotSeries): SnapshotSeries => ({
  ...series,
  records: series.records.map((record) => ({
    ...record,
    kernelLog: [],
    kernelLogDropped: record.kernelLogDropped + record.kernelLog.length,
  })),
});

/** What would be larger than an answer may be goes without its kernel logs, and then not at all. */
export function encodeSnapshots(series: SnapshotSeries | undefined): Buffer {
  if (series === undefined) return NOTHING;
  return (
    deflateJson(series, SNAPSHOT_LIMITS) ??
    deflateJson(withoutKernelLogs(series), SNAPSHOT_LIMITS) ??
    NOTHING
  );
}

/** Undefined where the bytes are none, too many or no snapshots. */
export const decodeSnapshots = (bytes: Uint8Array): SnapshotSeries | undefined =>
  parseSnapshotSeries(inflateJson(bytes, SNAPSHOT_LIMITS));
