import { type Clock, type Metrics, SECONDS_BUCKETS } from "@switchyard/runtime";

/** What runs again and again without being asked. */
export type LoopName =
  | "drift"
  | "moves"
  | "rollouts"
  | "experiments"
  | "presence"
  | "housekeeping"
  | "maintenance";

/** Runs one round of a loop; how long it took and how it ended is counted. */
export type Rounds = <T>(loop: LoopName, round: () => Promise<T>) => Promise<T>;

/** What the controller counts while it works. */
export interface Instruments {
  readonly rounds: Rounds;
  /** A call of the API has ended. `code` is gRPC's name, such as `OK`. */
  call(ended: {
    readonly method: string;
    readonly code: string;
    readonly durationMs: number;
    readonly isStream: boolean;
  }): void;
  jobEnded(kind: string, state: string): void;
  jobsSent(count: number, isFirst: boolean): void;
  poolWaited(pool: string, waitedMs: number): void;
  messageRefused(): void;
}

/** Rounds and jobs take longer than calls. */
const ROUND_BUCKETS: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

const seconds = (ms: number): number => ms / 1000;

/** Makes the instruments; once per `metrics`. */
export function createInstruments(metrics: Metrics, clock: Clock): Instruments {
  const calls = metrics.histogram({
    name: "switchyard_grpc_call_duration_seconds",
    help: "Duration of unary calls of the API, by full method and gRPC code.",
    labels: ["method", "code"],
    buckets: SECONDS_BUCKETS,
  });
  const streams = metrics.counter({
    name: "switchyard_grpc_streams_total",
    help: "Streams of the API that have ended, by full method and gRPC code.",
    labels: ["method", "code"],
  });
  const rounds = metrics.histogram({
    name: "switchyard_reconcile_duration_seconds",
    help: "Duration of one round of a reconciler; a failed round is tried again by the next one.",
    labels: ["reconciler", "result"],
    buckets: ROUND_BUCKETS,
  });
  const ended = metrics.counter({
    name: "switchyard_jobs_ended_total",
    help: "Jobs that this controller saw end, by kind and end.",
    labels: ["kind", "state"],
  });
  const sent = metrics.counter({
    name: "switchyard_outbox_sends_total",
    help: "Jobs published by this controller; again: sent before and not accepted in time.",
    labels: ["attempt"],
  });
  const waits = metrics.histogram({
    name: "switchyard_database_pool_wait_seconds",
    help: "How long somebody waited for a connection to the database.",
    labels: ["pool"],
    buckets: SECONDS_BUCKETS,
  });
  const refused = metrics.counter({
    name: "switchyard_bus_messages_refused_total",
    help: "Messages that were not what their subject says, and were removed.",
  });
  return {
    rounds: async (loop, round) => {
      const startMs = clock.monotonicMs();
      const tell = (result: string) =>
        rounds.observe(seconds(clock.monotonicMs() - startMs), { reconciler: loop, result });
      try {
        const value = await round();
        tell("done");
        return value;
      } catch (error) {
        tell("failed");
        throw error;
      }
    },
    call: ({ method, code, durationMs, isStream }) => {
      if (isStream) streams.add({ method, code });
      else calls.observe(seconds(durationMs), { method, code });
    },
    jobEnded: (kind, state) => ended.add({ kind, state }),
    jobsSent: (count, isFirst) => sent.add({ attempt: isFirst ? "first" : "again" }, count),
    poolWaited: (pool, waitedMs) => waits.observe(seconds(waitedMs), { pool }),
    messageRefused: () => refused.add(),
  };
}
