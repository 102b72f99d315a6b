import type { BmcSettings, Host } from "@switchyard/host";
import type { Inventory, MetricName, Sample } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import type { OffloadWatch } from "../offload/offload-watch.ts";
import { isAbsence, isRefusal } from "./absence.ts";
import { createSeries } from "./series.ts";
import { type Pass, RATES_MS, type Rate, type Source } from "./source.ts";
import { type SelfReadings, selfSource } from "./sources/agent.ts";
import { cardDiagnosisSource } from "./sources/card-diagnosis.ts";
import { flowSource } from "./sources/flows.ts";
import { netdevSource } from "./sources/netdevs.ts";
import { physicalSource } from "./sources/nic-counters.ts";
import { healthSource, linkSource, temperatureSource } from "./sources/nic-state.ts";
import { ovsInterfaceSource } from "./sources/ovs.ts";
import { ipmiSource, raplSource, redfishSource } from "./sources/power.ts";
import { rdmaSource } from "./sources/rdma.ts";
import {
  cpuSource,
  memorySource,
  storeSource,
  vmSource,
  vmThreadSource,
} from "./sources/system.ts";
import { tcSource } from "./sources/tc.ts";
import { vdpaSource } from "./sources/vdpa.ts";
import { vportSource } from "./sources/vports.ts";

export interface CollectorOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  /** Is shown every look at the datapath's flows. */
  readonly offload: OffloadWatch;
  /** From the agent's own configuration; left out: the host may say. */
  readonly bmc?: BmcSettings;
  /** Left out where many agents share one process. */
  readonly readSelf?: () => SelfReadings;
}

export interface Collector {
  /**
   * Reads the sources whose time has come and gives what has been read since the last call. Slow sources are not
   * waited for longer than {@link SLOW_WAIT_MS}: what they tell comes with a later call.
   *
   * @param inventory says which netdevs, VFs and VMs there are
   */
  collect(inventory: Inventory): Promise<readonly Sample[]>;
  /** The newest sample of every series that is still there; for whoever asks at any moment. */
  latest(): readonly Sample[];
}

/** A tool that hangs must not hold up what changes every second. */
export const SLOW_WAIT_MS = 500;
/** A call that comes a little early still finds its sources due. */
const EARLY_SHARE = 0.1;
/** Of the time, for the sources of one rate: those that take longer are read more rarely. */
const TIME_SHARE_MAX = 1 / 8;

const RATES: readonly Rate[] = ["1s", "5s", "10s", "60s"];

const sourcesOf = (options: CollectorOptions): readonly Source[] => [
  ...[netdevSource(), physicalSource(), vportSource(), linkSource(), healthSource()],
  ...[cardDiagnosisSource(), rdmaSource()],
  ...[temperatureSource(), vdpaSource(), ovsInterfaceSource(), flowSource(options.offload)],
  ...[tcSource(), raplSource(), ipmiSource(), redfishSource(options.bmc), cpuSource()],
  ...[memorySource(), storeSource(), vmSource(), vmThreadSource(), selfSource(options.readSelf)],
];

interface RateState {
  startedAtMs: number | undefined;
  /** Of the last pass. */
  tookMs: number;
  running: Promise<void> | undefined;
  failureCount: number;
}

/** Reads everything that a host tells, each source at its own rate and apart from the others. */
export function createCollector(options: CollectorOptions): Collector {
  const { host, clock, log } = options;
  const sources = sourcesOf(options);
  const failing = new Set<string>();
  const states = new Map<Rate, RateState>(
    RATES.map((rate) => [
      rate,
      {
        startedAtMs: undefined,
        endedAtMs: -Infinity,
        tookMs: 0,
        running: undefined,
        failureCount: 0,
      },
    ]),
  );

  const paceMs = (rate: Rate) =>
    Math.max(RATES_MS[rate], (states.get(rate)?.tookMs ?? 0) / TIME_SHARE_MAX);
  const series = createSeries(clock, log, paceMs);

  /** A source is complained about once when it begins to fail, and once when it is well again. */
  const note = (source: Source, errors: readonly unknown[]) => {
    const [error] = errors;
    if (errors.length === 0) {
      if (failing.delete(source.name)) log.info({ source: source.name }, "source is read again");
      return;
    }
    if (failing.has(source.name)) return;
    failing.add(source.name);
    const level = errors.every(isRefusal) ? "warn" : "error";
    log[level]({ err: error, source: source.name, failures: errors.length }, "source is not read");
  };

  const readSource = async (source: Source, inventory: Inventory): Promise<number> => {
    const errors: unknown[] = [];
    const pass: Pass = {
      ...{ host, clock, inventory },
      add: (metric, object, value) => series.take(source.rate, { metric, object, value }),
      attempt: async (read) => {
        try {
          return await read();
        } catch (error) {
          if (!isAbsence(error)) errors.push(error);
          return undefined;
        }
      },
    };
    await pass.attempt(() => source.read(pass));
    note(source, errors);
    return errors.length > 0 ? 1 : 0;
  };

  const runPass = async (rate: Rate, state: RateState, inventory: Inventory) => {
    const startedAtMs = clock.monotonicMs();
    for (const source of sources) {
      if (source.rate === rate) state.failureCount += await readSource(source, inventory);
    }
    const add = (metric: MetricName, object: string, value: number) =>
      series.take(rate, { metric, object, value });
    state.tookMs = clock.monotonicMs() - startedAtMs;
    add("agent.collect_seconds", rate, state.tookMs / 1000);
    add("agent.collect_failures", rate, state.failureCount);
    if (rate === "10s") add("agent.series", "", series.count());
  };

  const startDue = (inventory: Inventory): readonly Promise<void>[] =>
    RATES.flatMap((rate) => {
      const state = states.get(rate) as RateState; // one for each of RATES
      const nowMs = clock.monotonicMs();
      const byRateMs = RATES_MS[rate] * (1 - EARLY_SHARE);
      const pauseMs = Math.max(byRateMs, state.tookMs / TIME_SHARE_MAX);
      const dueAtMs = (state.startedAtMs ?? -Infinity) + pauseMs;
      if (state.running !== undefined || nowMs < dueAtMs) return [];
      state.startedAtMs = nowMs;
      state.running = runPass(rate, state, inventory).finally(() => {
        state.running = undefined;
      });
      return [state.running];
    });

  return {
    collect: async (inventory) => {
      const passes = startDue(inventory);
      if (passes.length > 0) await atMost(clock, SLOW_WAIT_MS, Promise.all(passes));
      return series.drain();
    },
    latest: series.latest,
  };
}

/** Waits for the work, and no longer than so many milliseconds. @throws what the work throws in that time */
async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, clock.sleep(ms, done.signal)]);
  } finally {
    done.abort();
  }
}
