import {
  type AgentBus,
  createTelemetryEncoder,
  TELEMETRY_BATCH_SAMPLES_MAX,
  type TelemetryEncoder,
} from "@switchyard/bus";
import type { Sample } from "@switchyard/model";
import { type Clock, type Logger, newUuid, type Random } from "@switchyard/runtime";
import { isLowPriority, LOW_PRIORITY_LEFT_OUT_FROM } from "../telemetry/priority.ts";
import type { Ring } from "../telemetry/ring/ring.ts";

/** Samples in one batch: large enough to deflate well, small enough to be given up. */
const SAMPLES_PER_BATCH = Math.min(5_000, TELEMETRY_BATCH_SAMPLES_MAX);
/** Samples that may gather for a batch; then one is made at once. */
const SAMPLES_GATHERED_MAX = 4 * SAMPLES_PER_BATCH;
/** Before a batch is sent that the broker did not take. */
const RETRY_MS = 5_000;
/** A batch is made so much more rarely at most, however far sampling is stretched: windows wait for it. */
const BATCH_STRETCH_MAX = 3;
export const STRETCH_MAX = 16;

export interface TelemetryReportsParts {
  readonly bus: AgentBus;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What was read since the last call; sources have rates of their own. */
  readonly collect: () => Promise<readonly Sample[]>;
  /** Between two calls, milliseconds. */
  readonly sampleMs: number;
  /** Between two batches, milliseconds. */
  readonly batchMs: number;
}

/** Samples, batches and publishes; may drop, never delays anything else. */
export interface TelemetryReports {
  /** Samples so much more rarely, 1 to 16; from 4 on without what is of low priority. */
  stretch(by: number): void;
  /** Until the signal; what was sampled by then waits in the ring. */
  run(signal: AbortSignal): Promise<void>;
}

export function createTelemetryReports(parts: TelemetryReportsParts): TelemetryReports {
  const { bus, ring, clock, random, log } = parts;
  let gathered: Sample[] = [];
  let factor = 1;
  let waking = new AbortController();
  let encoder: TelemetryEncoder | undefined;

  const encode = (samples: readonly Sample[]) => {
    const isNew = encoder === undefined || encoder.isFull();
    if (encoder === undefined || isNew) {
      const { host, hostEpoch } = bus;
      encoder = createTelemetryEncoder({ host, hostEpoch, session: newUuid(clock, random) });
    }
    const isWhole = isNew || ring.beginsSegment();
    return encoder.encode({ samples, droppedCount: ring.state().droppedCount, isWhole });
  };

  const batch = async () => {
    const taken = gathered;
    gathered = [];
    for (let at = 0; at < taken.length; at += SAMPLES_PER_BATCH) {
      await ring.append(encode(taken.slice(at, at + SAMPLES_PER_BATCH)));
    }
    if (taken.length > 0) waking.abort();
  };

  const sample = async () => {
    try {
      const samples = await parts.collect();
      const isAll = factor < LOW_PRIORITY_LEFT_OUT_FROM;
      for (const each of samples) if (isAll || !isLowPriority(each.metric)) gathered.push(each);
    } catch (error) {
      log.warn({ err: error }, "the host was not sampled");
    }
  };

  const gather = async (signal: AbortSignal) => {
    let batchedAtMs = clock.monotonicMs() - parts.batchMs;
    while (!signal.aborted) {
      await sample();
      const sinceMs = clock.monotonicMs() - batchedAtMs;
      const dueMs = parts.batchMs * Math.min(factor, BATCH_STRETCH_MAX);
      const isDue = sinceMs >= dueMs || gathered.length >= SAMPLES_GATHERED_MAX;
      if (isDue && gathered.length > 0) {
        batchedAtMs = clock.monotonicMs();
        await batch();
      }
      await clock.sleep(parts.sampleMs * factor, signal);
    }
    await batch();
  };

  const publish = async (signal: AbortSignal) => {
    let isRefused = false;
    while (!signal.aborted) {
      waking = new AbortController();
      const frame = await ring.next();
      if (frame === undefined) {
        await clock.sleep(parts.batchMs, AbortSignal.any([signal, waking.signal]));
        continue;
      }
      try {
        await bus.publishTelemetry(frame.bytes);
        await ring.confirm();
        if (isRefused) log.info(ring.state(), "telemetry is published again");
        isRefused = false;
      } catch (error) {
        if (!isRefused) log.warn({ err: error, ...ring.state() }, "telemetry was not published");
        isRefused = true;
        await clock.sleep(RETRY_MS, signal);
      }
    }
  };

  return {
    stretch: (by) => {
      factor = Math.min(STRETCH_MAX, Math.max(1, by));
    },
    run: async (signal) => {
      try {
        await Promise.all([gather(signal), publish(signal)]);
      } finally {
        await ring.close();
      }
    },
  };
}
