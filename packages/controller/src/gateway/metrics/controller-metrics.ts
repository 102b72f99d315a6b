import type { ControllerBus } from "@switchyard/bus";
import { type Clock, type Metrics, sampleFamilies } from "@switchyard/runtime";
import type { Store } from "@switchyard/store";
import { backlogFamilies, poolFamilies } from "./bus-families.ts";
import { cached } from "./cached.ts";
import { fleetFamilies } from "./fleet-families.ts";

/** Scrapers that come more often share an answer. */
const STATE_AGE_MS = 5_000;
/** Forty requests to the broker. */
const BACKLOG_AGE_MS = 10_000;
/** Up to 100,000 rows. */
const SAMPLES_AGE_MS = 10_000;

/** Adds to `metrics` what is read from the database and the broker at a scrape. */
export function addControllerMetrics(
  metrics: Metrics,
  parts: {
    readonly store: Pick<Store, "observability"> & {
      readonly telemetry: Pick<Store["telemetry"], "latest">;
    };
    readonly bus: Pick<ControllerBus, "readBacklog" | "isConnected">;
    readonly clock: Clock;
    /** Whether the newest sample of every series of every host is exposed too. */
    readonly hasSamples: boolean;
  },
): void {
  const { store, bus, clock } = parts;
  const readFleet = cached(clock, STATE_AGE_MS, () => store.observability.readFleet());
  const readBacklog = cached(clock, BACKLOG_AGE_MS, () => bus.readBacklog());
  const readSamples = cached(clock, SAMPLES_AGE_MS, () => store.telemetry.latest({}));
  metrics.source("fleet", async () => fleetFamilies(await readFleet()));
  metrics.source("database", () => poolFamilies(store.observability.pools()));
  metrics.source("bus", async () => {
    const isConnected = bus.isConnected();
    const connected = {
      name: "switchyard_bus_connected",
      help: "1 while the process is connected to NATS.",
      kind: "gauge",
      points: [{ labels: {}, value: isConnected ? 1 : 0 }],
    } as const;
    return isConnected ? [connected, ...backlogFamilies(await readBacklog())] : [connected];
  });
  if (!parts.hasSamples) return;
  metrics.source("samples", async () => sampleFamilies(await readSamples(), clock.nowMs()));
}
