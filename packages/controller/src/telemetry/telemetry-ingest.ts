import {
  type ControllerBus,
  createCoalescer,
  type Delivery,
  type HostTelemetry,
} from "@switchyard/bus";
import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { StoredSample, TelemetryStore } from "@switchyard/store";
import { nextFactor } from "./flow.ts";
import type { SampleFeedSource } from "./sample-feed.ts";

export interface TelemetryIngestParts {
  readonly bus: Pick<ControllerBus, "consumeTelemetry" | "publishTelemetryFlow">;
  readonly store: Pick<TelemetryStore, "insert">;
  readonly feed: SampleFeedSource;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Samples of one insert; from 1 000 on the database takes no more rows a second. */
const SAMPLES_PER_INSERT = 10_000;
const DATABASE_DELAY_MS = 2_000;
/** How often the lag is judged and agents are told. */
const FLOW_MS = 5_000;

type TelemetryDelivery = Delivery<HostTelemetry>;

/**
 * Takes samples to the database in batches and acknowledges after the commit. On its own pool, streams and
 * consumers, so that it never holds up jobs; when it lags agents are told to sample more rarely.
 */
export function startTelemetryIngest(parts: TelemetryIngestParts): Service {
  const { bus, clock, log } = parts;
  let lagMs = 0;
  const inserts = createCoalescer<TelemetryDelivery>({
    weightMax: SAMPLES_PER_INSERT,
    weigh: (delivery) => delivery.content.samples.length,
    inFlightMax: 1,
    flush: async (deliveries) => {
      for (const { storedAtMs } of deliveries) lagMs = Math.max(lagMs, clock.nowMs() - storedAtMs);
      await insert(parts, deliveries);
    },
  });
  const subscription = bus.consumeTelemetry((delivery) => {
    inserts.add([delivery]).catch((error: unknown) => log.error({ error }, "telemetry failed"));
  });
  const flow = startLoop(
    async (signal) => {
      let factor = 1;
      while (!signal.aborted) {
        await clock.sleep(FLOW_MS, signal);
        const before = factor;
        factor = nextFactor(factor, lagMs);
        lagMs = 0;
        // Said again while it holds, for agents that came since.
        if (factor !== before || factor > 1) bus.publishTelemetryFlow(factor);
        if (factor !== before) log.warn({ factor }, "agents are told how often to sample");
      }
    },
    (error) => log.error({ error }, "telemetry flow ended"),
  );
  return {
    stop: async () => {
      await flow.stop();
      await subscription.stop();
      await inserts.idle();
    },
  };
}

async function insert(
  { store, feed, log }: TelemetryIngestParts,
  deliveries: readonly TelemetryDelivery[],
): Promise<void> {
  try {
    const uploads = deliveries.map(({ content }) => content);
    const { stored } = await store.insert(uploads);
    for (const delivery of deliveries) delivery.ack();
    if (!feed.hasListeners()) return;
    const fresh = new Set(stored);
    const samples = uploads.filter((_upload, index) => fresh.has(index)).flatMap(samplesOf);
    feed.publish(samples);
  } catch (error) {
    log.warn({ error, count: deliveries.length }, "telemetry waits for the database");
    for (const delivery of deliveries) delivery.retry(DATABASE_DELAY_MS);
  }
}

const samplesOf = ({ host, samples }: HostTelemetry): readonly StoredSample[] =>
  samples.map((sample) => ({ ...sample, host }));
