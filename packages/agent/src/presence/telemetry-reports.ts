import type { AgentBus } from "@switchyard/bus";
import type { Sample } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";

/** Samples kept while the broker does not take them; the oldest go first. Some hours of a small host. */
export const SAMPLES_KEPT_MAX = 20_000;
/** Samples in one message. */
export const SAMPLES_PER_MESSAGE_MAX = 2_000;

export interface TelemetryReportsParts {
  readonly bus: AgentBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly collect: () => Promise<readonly Sample[]>;
  readonly intervalMs: number;
}

/** Samples, batches and publishes; may drop, never delays anything else. */
export function createTelemetryReports(parts: TelemetryReportsParts) {
  const { bus, clock, log } = parts;
  let kept: Sample[] = [];
  let droppedCount = 0;
  let seq = 0;
  let factor = 1;

  const keep = (samples: readonly Sample[]) => {
    kept.push(...samples);
    const surplus = kept.length - SAMPLES_KEPT_MAX;
    if (surplus <= 0) return;
    kept = kept.slice(surplus);
    droppedCount += surplus;
  };

  const publish = async () => {
    while (kept.length > 0) {
      const samples = kept.slice(0, SAMPLES_PER_MESSAGE_MAX);
      seq += 1;
      await bus.publishTelemetry({ seq, samples, droppedCount });
      kept = kept.slice(samples.length);
    }
  };

  return {
    /** Stretches the interval; 1 to 16. */
    stretch: (by: number) => {
      factor = Math.min(16, Math.max(1, by));
    },
    run: async (signal: AbortSignal) => {
      while (!signal.aborted) {
        try {
          keep(await parts.collect());
          await publish();
        } catch (error) {
          log.warn({ err: error, kept: kept.length, droppedCount }, "telemetry was not published");
        }
        await clock.sleep(parts.intervalMs * factor, signal);
      }
    },
  };
}
