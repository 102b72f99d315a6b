import { createTelemetryEncoder, shardOf } from "@switchyard/bus";
import { type HostId, type MetricName, parseHostId, type Sample } from "@switchyard/model";
import type { Random } from "@switchyard/runtime";

export const FLEET = {
  hosts: 20,
  /** A host with two PFs of some twenty VFs each, as its samples go. */
  seriesPerHost: 300,
  /** An hour of them. */
  batchesPerHost: 60,
  /** As many as of what is sampled every second in a batch of 10 s; spread, so that they are an hour. */
  samplesPerSeries: 10,
} as const;

export const SAMPLES =
  FLEET.hosts * FLEET.seriesPerHost * FLEET.batchesPerHost * FLEET.samplesPerSeries;

const BATCH_MS = 60_000;
const SAMPLE_MS = 6_000;
/** As often as the agent's ring begins a segment. */
const WHOLE_EVERY = 32;

const METRICS: readonly MetricName[] = [
  "nic.vf.rx_bytes",
  "nic.vf.tx_bytes",
  "nic.vf.rx_packets",
  "nic.vf.tx_packets",
  "nic.representor.rx_bytes",
  "nic.representor.tx_bytes",
];

export interface WireBatch {
  readonly subject: string;
  readonly bytes: Uint8Array;
}

export const hostAt = (at: number): HostId => parseHostId(`bench-${String(at).padStart(2, "0")}`);

/** Counters that grow at rates of their own, as those of busy VFs. */
function createCounters(random: Random) {
  const series = Array.from({ length: FLEET.seriesPerHost }, (_, at) => ({
    metric: METRICS[at % METRICS.length]!, // within the list
    object: `0000:82:00.${at % 2}/vf${Math.floor(at / METRICS.length)}`,
    step: Math.floor(1e8 * random.float()),
    value: 0,
  }));
  return (atMs: number): Sample[] =>
    series.map((each) => {
      each.value += Math.floor(each.step * (0.9 + 0.2 * random.float()));
      return { metric: each.metric, object: each.object, atMs, value: each.value };
    });
}

/** All batches of the fleet, those of all hosts for one time before those of the next. */
export function* batchesOf(random: Random, startMs: number): Generator<WireBatch> {
  const hosts = Array.from({ length: FLEET.hosts }, (_, at) => {
    const host = hostAt(at);
    return {
      subject: `sy.tel.${shardOf(host)}.${host}`,
      encoder: createTelemetryEncoder({ host, hostEpoch: 1, session: `session-${at}` }),
      sample: createCounters(random),
    };
  });
  for (let batch = 0; batch < FLEET.batchesPerHost; batch += 1) {
    for (const { subject, encoder, sample } of hosts) {
      const samples = Array.from({ length: FLEET.samplesPerSeries }, (_, second) =>
        sample(startMs + batch * BATCH_MS + second * SAMPLE_MS),
      ).flat();
      const isWhole = batch % WHOLE_EVERY === 0;
      yield { subject, bytes: encoder.encode({ samples, droppedCount: 0, isWhole }).bytes };
    }
  }
}
