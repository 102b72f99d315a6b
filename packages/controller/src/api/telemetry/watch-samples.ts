import type { SampleRange, StoredSample } from "@switchyard/store";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";

const POLL_INTERVAL_MS = 1_000;

/** Samples of one host come in batches, at worst this late. */
const LATE_MS = 15_000;

/** How far a host's clock may be ahead of ours. */
const AHEAD_MS = 60_000;

/** A reader that was away for longer loses what is older. */
const LAG_MAX_MS = 60_000;

/** Samples looked at in one round, and those skipped that are counted. */
const SAMPLES_MAX = 50_000;

/** Samples of one message. */
const BATCH_SIZE = 1_000;

export interface SampleBatch {
  readonly samples: readonly StoredSample[];
  /** Samples this reader was too slow for, since the watch began. */
  readonly droppedCount: number;
  /** A watch that begins from here misses nothing, and may see the samples of the seconds before again. */
  readonly seenToMs: number;
}

const seriesOf = ({ host, metric, object }: StoredSample): string =>
  `${host}\0${metric}\0${object}`;

/** Lets each sample of a series through once; a series is forgotten when it is silent for long. */
function createSeen(): { isNew(sample: StoredSample): boolean; forgetBefore(atMs: number): void } {
  const newest = new Map<string, number>();
  return {
    isNew: (sample) => {
      const series = seriesOf(sample);
      if (sample.atMs <= (newest.get(series) ?? Number.NEGATIVE_INFINITY)) return false;
      newest.set(series, sample.atMs);
      return true;
    },
    forgetBefore: (atMs) => {
      for (const [series, seenMs] of newest) if (seenMs < atMs) newest.delete(series);
    },
  };
}

/**
 * Samples as they are stored by whichever controller, each at most once. A reader that is slower than they
 * come in loses the oldest and is told how many.
 */
export async function* watchSamples(
  parts: Pick<ApiParts, "store" | "clock">,
  options: {
    readonly range: SampleRange;
    /** Where an earlier watch was; undefined: only what comes in from now on. */
    readonly sinceMs?: number | undefined;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<SampleBatch> {
  const { clock, store } = parts;
  const { range, sinceMs, signal } = options;
  const seen = createSeen();
  const read = (startAtMs: number, endAtMs: number): Promise<readonly StoredSample[]> =>
    listAll((page) => store.telemetry.list({ ...page, ...range, startAtMs, endAtMs }), SAMPLES_MAX);
  let droppedCount = 0;
  let nextMs = clock.nowMs();
  if (sinceMs === undefined) {
    for (const sample of await read(nextMs - LATE_MS, nextMs + AHEAD_MS)) seen.isNew(sample);
  } else {
    nextMs = sinceMs;
    for (; nextMs < clock.nowMs() - LAG_MAX_MS; nextMs += LAG_MAX_MS) {
      const startMs = nextMs - LATE_MS;
      const missed = (await read(startMs, nextMs + LAG_MAX_MS - LATE_MS)).filter(seen.isNew);
      yield* inBatches(missed, { droppedCount, seenToMs: nextMs });
    }
  }
  while (!signal.aborted) {
    await clock.sleep(POLL_INTERVAL_MS, signal);
    if (signal.aborted) return;
    const nowMs = clock.nowMs();
    const startMs = Math.max(nextMs, nowMs - LAG_MAX_MS) - LATE_MS;
    if (startMs > nextMs) droppedCount += (await read(nextMs, startMs)).filter(seen.isNew).length;
    const fresh = (await read(startMs, nowMs + AHEAD_MS)).filter(seen.isNew);
    const seenToMs = nextMs;
    nextMs = nowMs;
    seen.forgetBefore(startMs - LATE_MS);
    yield* inBatches(fresh, { droppedCount, seenToMs });
  }
}

function* inBatches(
  samples: readonly StoredSample[],
  rest: Omit<SampleBatch, "samples">,
): Generator<SampleBatch> {
  for (let at = 0; at < samples.length; at += BATCH_SIZE) {
    yield { samples: samples.slice(at, at + BATCH_SIZE), ...rest };
  }
}
