import type { MetricName, Sample } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import type { Rate } from "./source.ts";

/** Series of one host at most; the budget for 2 PFs of 16 VFs each is 1,200. */
export const SERIES_MAX = 4_000;
/** Samples that wait for the next call at most: some passes of a full host. */
const WAITING_MAX = 20_000;
/** A series that was not told in so many of its turns is gone. */
const TURNS_MISSED_MAX = 3;
const GONE_AFTER_MS_MIN = 30_000;

/**
 * What seldom changes is sent when it does, and once a minute so that a reader who came late learns of it.
 */
const ON_CHANGE: ReadonlySet<MetricName> = new Set<MetricName>([
  ...(["nic.pcie.speed", "nic.pcie.speed_max", "nic.pcie.width", "nic.pcie.width_max"] as const),
  ...(["nic.link.speed", "nic.temperature_critical", "host.temperature_critical"] as const),
  ...(["host.cpu_count", "host.boot_time", "host.memory_size", "host.disk_size"] as const),
  ...(["host.huge_pages", "nic.health.healthy", "nic.health.errors"] as const),
  ...(["nic.health.recoveries", "nic.health.vnic_events", "nic.health.error_queues"] as const),
  ...(["nic.health.firmware_fault", "nic.health.failed_queues"] as const),
  ...(["nic.vf.vnic_events", "nic.vf.error_queues"] as const),
  ...(["nic.rdma.requests", "nic.rdma.errors", "nic.rdma.congestion_packets"] as const),
  ...(["nic.pf.rx_rdma_bytes", "nic.pf.tx_rdma_bytes"] as const),
  ...(["nic.pf.rx_rdma_packets", "nic.pf.tx_rdma_packets"] as const),
]);
const SENT_AGAIN_MS = 60_000;

interface Known {
  readonly sample: Sample;
  readonly rate: Rate;
  readonly sentAtMs: number;
}

/**
 * The newest sample of each series, and those that nobody took yet.
 *
 * @param paceMs between two turns of a rate as they really are, milliseconds
 */
export function createSeries(clock: Clock, log: Logger, paceMs: (rate: Rate) => number) {
  const known = new Map<string, Known>();
  let waiting: Sample[] = [];
  let isFull = false;

  const complainOnce = () => {
    if (!isFull)
      log.warn({ seriesMax: SERIES_MAX }, "the host has too many series: some are left out");
    isFull = true;
  };

  const forgetGone = () => {
    const nowMs = clock.nowMs();
    for (const [key, { sample, rate }] of known) {
      const ageMsMax = Math.max(GONE_AFTER_MS_MIN, TURNS_MISSED_MAX * paceMs(rate));
      if (nowMs - sample.atMs > ageMsMax) known.delete(key);
    }
  };

  return {
    /** An undefined value is no sample. */
    take: (
      rate: Rate,
      reading: { metric: MetricName; object: string; value: number | undefined },
    ) => {
      const { metric, object, value } = reading;
      if (value === undefined || !Number.isFinite(value)) return;
      const key = `${metric} ${object}`;
      const before = known.get(key);
      if (before === undefined && known.size >= SERIES_MAX) forgetGone();
      if (before === undefined && known.size >= SERIES_MAX) return complainOnce();
      const sample: Sample = { metric, object, value, atMs: clock.nowMs() };
      const isQuiet =
        ON_CHANGE.has(metric) &&
        before?.sample.value === value &&
        sample.atMs - before.sentAtMs < SENT_AGAIN_MS;
      known.set(key, { sample, rate, sentAtMs: isQuiet ? before.sentAtMs : sample.atMs });
      if (isQuiet || waiting.length >= WAITING_MAX) return;
      waiting.push(sample);
    },
    /** What was not taken yet, oldest first. */
    drain: (): readonly Sample[] => {
      const drained = waiting;
      waiting = [];
      return drained;
    },
    latest: (): readonly Sample[] => {
      forgetGone();
      return [...known.values()].map(({ sample }) => sample);
    },
    count: (): number => known.size,
  };
}
