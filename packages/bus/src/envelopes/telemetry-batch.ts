import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type HostId, isMetricName, type MetricName, type Sample } from "@switchyard/model";
import { TelemetryBatch, TelemetryContent } from "@switchyard/proto";
import { decodeColumns, encodeColumns, type SampleColumns } from "../telemetry/columns.ts";
import type { HeartbeatSender } from "./heartbeat.ts";

/** Largest batch, and the most samples in one; an agent sends several batches rather than a larger one. */
export const TELEMETRY_BATCH_BYTES_MAX = 512 * 1024;
export const TELEMETRY_BATCH_SAMPLES_MAX = 10_000;
/** What a batch grows to at most: 20 000 names and 10 000 samples are well below. */
const CONTENT_BYTES_MAX = 4 * 1024 * 1024;
/** Series of one session: a VM that comes and goes leaves its own behind. Then a new session begins. */
export const TELEMETRY_SERIES_MAX = 20_000;
/** Longest metric or object name. */
const NAME_LENGTH_MAX = 200;

/** A series of a host; undefined for a metric that this release does not know. */
export type SeriesName = { readonly metric: MetricName; readonly object: string } | undefined;

/** Samples of one host as a controller receives them. */
export interface HostTelemetry {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
  readonly seq: number;
  readonly droppedCount: number;
  /** Number of the first series named here; the session's others were named before. */
  readonly firstSeries: number;
  readonly names: readonly SeriesName[];
  readonly columns: SampleColumns;
}

export interface EncodedBatch {
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly sampleCount: number;
}

/** Makes the batches of one session, whose names it says once, or all again where it is asked to. */
export interface TelemetryEncoder {
  /**
   * @param draft.samples at most {@link TELEMETRY_BATCH_SAMPLES_MAX}; whole or not, later batches build on this one
   * @param draft.isWhole says the names of all series of the session
   */
  encode(draft: {
    readonly samples: readonly Sample[];
    readonly droppedCount: number;
    readonly isWhole: boolean;
  }): EncodedBatch;
  /** Whether the session has so many series that another should begin. */
  isFull(): boolean;
}

export function createTelemetryEncoder(sender: HeartbeatSender): TelemetryEncoder {
  const numbers = new Map<string, number>();
  const names: { readonly metric: string; readonly object: string }[] = [];
  let seq = 0;

  const numberOf = ({ metric, object }: Sample): number => {
    const key = `${metric}\n${object}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, names.length);
    return names.push({ metric, object }) - 1;
  };

  return {
    isFull: () => names.length >= TELEMETRY_SERIES_MAX,
    encode: ({ samples, droppedCount, isWhole }) => {
      const knownCount = names.length;
      const series = Int32Array.from(samples, numberOf);
      const firstSeries = isWhole ? 0 : knownCount;
      const named = names.slice(firstSeries);
      const content = TelemetryContent.encode({
        firstSeries,
        metric: named.map(({ metric }) => metric),
        object: named.map(({ object }) => object),
        columns: Buffer.from(
          encodeColumns({
            series,
            atMs: Float64Array.from(samples, ({ atMs }) => atMs),
            value: Float64Array.from(samples, ({ value }) => value),
          }),
        ),
      }).finish();
      seq += 1;
      const bytes = TelemetryBatch.encode({
        host: sender.host,
        hostEpoch: BigInt(sender.hostEpoch),
        session: sender.session,
        seq: BigInt(seq),
        dictionary: [],
        frames: [],
        droppedCount: BigInt(droppedCount),
        content: deflateRawSync(content),
      }).finish();
      return { seq, bytes, sampleCount: samples.length };
    },
  };
}

/** Undefined where the bytes are no batch of the host that the subject names. */
export function decodeTelemetry(bytes: Uint8Array, host: HostId): HostTelemetry | undefined {
  if (bytes.length > TELEMETRY_BATCH_BYTES_MAX) return undefined;
  try {
    const batch = TelemetryBatch.decode(bytes);
    if (batch.host !== host) return undefined;
    const content = TelemetryContent.decode(
      inflateRawSync(batch.content, { maxOutputLength: CONTENT_BYTES_MAX }),
    );
    const { firstSeries, metric, object } = content;
    const isNamed = [...metric, ...object].every((name) => name.length <= NAME_LENGTH_MAX);
    const seriesCount = firstSeries + metric.length;
    if (!isNamed || metric.length !== object.length) return undefined;
    if (firstSeries < 0 || seriesCount > 2 * TELEMETRY_SERIES_MAX) return undefined;
    return {
      host,
      hostEpoch: Number(batch.hostEpoch),
      session: batch.session,
      seq: Number(batch.seq),
      droppedCount: Number(batch.droppedCount),
      firstSeries,
      names: metric.map(
        (name, at): SeriesName =>
          isMetricName(name) ? { metric: name, object: object[at] ?? "" } : undefined,
      ),
      columns: decodeColumns(content.columns, TELEMETRY_BATCH_SAMPLES_MAX),
    };
  } catch {
    return undefined;
  }
}
