import {
  type ControllerBus,
  createCoalescer,
  type Delivery,
  type HostTelemetry,
} from "@switchyard/bus";
import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { TelemetryStore } from "@switchyard/store";
import { nextFactor } from "./flow.ts";

export interface TelemetryIngestParts {
  readonly bus: Pick<ControllerBus, "consumeTelemetry" | "publishTelemetryFlow">;
  readonly store: Pick<TelemetryStore, "insert" | "settleLatest" | "indexBlocks">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Samples of one insert; from some thousand on the database takes no more rows a second. */
const SAMPLES_PER_INSERT = 20_000;
/** While one insert is under way in the database the next is made ready. */
const INSERTS_AT_ONCE = 2;
const DATABASE_DELAY_MS = 2_000;
/** The batch that names a batch's series is under way at another controller, as a rule. */
const UNNAMED_DELAY_MS = 1_000;
/** After so many deliveries it is not: the broker dropped it. The agent names its series again some minutes later. */
const UNNAMED_DELIVERIES_MAX = 15;
/** How often the lag is judged and agents are told. */
const FLOW_MS = 5_000;
/** How often the newest samples are written down for other controllers. */
const SETTLE_MS = 2_000;
/** How often what was inserted is taken into the index of raw samples. */
const INDEX_MS = 1_000;

type TelemetryDelivery = Delivery<HostTelemetry>;

/**
 * Takes samples to the database in batches and acknowledges after the commit. On its own pool, streams and
 * consumers, so that it never holds up jobs; when it lags agents are told to sample more rarely. What waits here is
 * bounded by what the consumers deliver at once.
 */
export function startTelemetryIngest(parts: TelemetryIngestParts): Service {
  const { bus, store, clock, log } = parts;
  /** Not settled yet: they lag, whether or not the database answers. */
  const waiting = new Set<TelemetryDelivery>();
  let lagMs = 0;
  const lagOf = ({ storedAtMs }: TelemetryDelivery) => clock.nowMs() - storedAtMs;

  const inserts = createCoalescer<TelemetryDelivery>({
    weightMax: SAMPLES_PER_INSERT,
    weigh: (delivery) => delivery.content.columns.series.length,
    inFlightMax: INSERTS_AT_ONCE,
    flush: (deliveries) => insert(parts, deliveries),
  });
  const take = async (delivery: TelemetryDelivery) => {
    waiting.add(delivery);
    try {
      await inserts.add([delivery]);
    } catch (error) {
      log.error({ err: error }, "telemetry failed");
    } finally {
      waiting.delete(delivery);
      lagMs = Math.max(lagMs, lagOf(delivery));
    }
  };
  const subscription = bus.consumeTelemetry((delivery) => void take(delivery));
  const flow = startLoop(
    async (signal) => {
      let factor = 1;
      while (!signal.aborted) {
        await clock.sleep(FLOW_MS, signal);
        const before = factor;
        for (const delivery of waiting) lagMs = Math.max(lagMs, lagOf(delivery));
        factor = nextFactor(factor, lagMs);
        lagMs = 0;
        // Said again while it holds, for agents that came since.
        if (factor !== before || factor > 1) bus.publishTelemetryFlow(factor);
        if (factor !== before) log.warn({ factor }, "agents are told how often to sample");
      }
    },
    (error) => log.error({ err: error }, "telemetry flow ended"),
  );
  const repeat = (intervalMs: number, work: () => Promise<void>, waiting: string) =>
    startLoop(
      async (signal) => {
        while (!signal.aborted) {
          await clock.sleep(intervalMs, signal);
          await work().catch((error: unknown) => log.warn({ err: error }, waiting));
        }
      },
      (error) => log.error({ err: error }, "a loop of telemetry ended"),
    );
  const upkeep = [
    repeat(SETTLE_MS, () => store.settleLatest(), "the newest samples wait for the database"),
    repeat(INDEX_MS, () => store.indexBlocks(), "the index of samples waits for the database"),
  ];
  return {
    stop: async () => {
      await flow.stop();
      await subscription.stop();
      await inserts.idle();
      for (const loop of upkeep) await loop.stop();
    },
  };
}

async function insert(
  { store, log }: TelemetryIngestParts,
  deliveries: readonly TelemetryDelivery[],
): Promise<void> {
  try {
    const { unnamed, expiredCount } = await store.insert(deliveries.map(({ content }) => content));
    const isUnnamed = new Set(unnamed);
    for (const [at, delivery] of deliveries.entries()) {
      if (isUnnamed.has(at)) waitForNames(log, delivery);
      else delivery.ack();
    }
    if (expiredCount > 0) log.warn({ expiredCount }, "samples came after they would be kept");
  } catch (error) {
    log.warn({ err: error, count: deliveries.length }, "telemetry waits for the database");
    for (const delivery of deliveries) delivery.retry(DATABASE_DELAY_MS);
  }
}

function waitForNames(log: Logger, delivery: TelemetryDelivery): void {
  if (delivery.deliveryCount < UNNAMED_DELIVERIES_MAX) {
    delivery.retry(UNNAMED_DELAY_MS);
    return;
  }
  const { host, seq, columns } = delivery.content;
  log.warn({ host, seq, samples: columns.series.length }, "telemetry of unnamed series is dropped");
  delivery.reject();
}
