import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { Log } from "./changes/change.ts";
import {
  CURRENT_SNAPSHOT,
  createChangeLog,
  createEventLog,
  cursorOfSnapshot,
} from "./changes/log.ts";
import { createGuard, type Guard } from "./connection/guard.ts";
import { openPool } from "./connection/pool.ts";
import { databaseOn } from "./connection/session.ts";
import { transact } from "./connection/transact.ts";
import { createTransactor, type PoolName, type RunOptions } from "./connection/transactor.ts";
import { createFleetStore } from "./fleet/create-fleet-store.ts";
import { createPresenceStore } from "./hosts/presence-store.ts";
import { createDispatchStore } from "./jobs/create-dispatch-store.ts";
import type { JobRecord } from "./jobs/job-record.ts";
import { createSnapshotStore } from "./jobs/snapshot-store.ts";
import { maintain } from "./maintenance/maintain.ts";
import { createObservabilityStore } from "./observability/create-observability-store.ts";
import { createPlacementStore } from "./placement/create-placement-store.ts";
import { createGuardedReads, createReads, createTransaction, guardEach } from "./queries.ts";
import { noticeRestore } from "./restore/notice-restore.ts";
import { migrate } from "./schema/migrate.ts";
import type { Store, Transaction, WriteContext } from "./store.ts";
import { createTelemetryStore } from "./telemetry/create-telemetry-store.ts";
import { RETENTION_DEFAULT, type Retention } from "./telemetry/levels.ts";
import { createGatheredReads } from "./together/gathered-reads.ts";
import { createGatheredTransaction } from "./together/gathered-transaction.ts";
import { allOf, togetherOrAlone } from "./together/together.ts";

/** What follows from jobs that ended, in the transaction that ends them. */
export type JobEndEffects = (tx: Transaction, ended: readonly JobRecord[]) => Promise<void>;

export interface StoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Connections per pool; api 8, relay 6, telemetry 6 unless told. */
  readonly pools?: { readonly [Name in PoolName]?: number };
  /** How long samples and rollups are kept; those left out as long as by default. */
  readonly retention?: Partial<Retention>;
  /** Moves VMs and hosts on, in the transaction that ends their jobs. */
  readonly onJobsEnded: JobEndEffects;
  /** Begins a trace for jobs that no call asked for; returns its W3C `traceparent`. */
  readonly newTrace?: (actor: string) => string;
  /** Told how long somebody waited for a connection of a pool, milliseconds. */
  readonly onPoolWait?: (pool: PoolName, waitedMs: number) => void;
}

const POOL_SIZES: Readonly<Record<PoolName, number>> = { api: 8, relay: 6, telemetry: 6 };

function openPools(options: StoreOptions) {
  const open = (name: PoolName) =>
    openPool({
      url: options.url,
      log: options.log,
      name,
      size: options.pools?.[name] ?? POOL_SIZES[name],
      keepsPlans: name === "relay",
      ...(options.onPoolWait && {
        onWait: (waitedMs: number) => options.onPoolWait?.(name, waitedMs),
      }),
      clock: options.clock,
    });
  return { api: open("api"), relay: open("relay"), telemetry: open("telemetry") };
}

const guardLog = <T>(guard: Guard, log: Log<T>): Log<T> => ({
  now: () => guard(() => log.now()),
  read: (after, limit) => guard(() => log.read(after, limit)),
  readBetween: (range, limit) => guard(() => log.readBetween(range, limit)),
});

const SNAPSHOT_BEGIN = {
  name: "begin_snapshot",
  text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
};

const runOf = ({ actor, requestId, traceparent, isDryRun }: WriteContext): RunOptions => ({
  pool: "api",
  ...{ actor, requestId, traceparent },
  isDryRun: isDryRun === true,
  // With a request id a second run finds the first one's answer.
  isRepeatable: requestId !== undefined && requestId !== "",
});

/**
 * Migrates the database and opens its pools; one that was restored from a copy is frozen. Several controllers may do so at
 * once.
 *
 * @throws StoreError DATABASE_UNAVAILABLE, INVARIANT_BROKEN where the schema's history is another
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { url, log, clock, random } = options;
  await migrate({ url, log });
  const era = await noticeRestore({ url, log });
  const pools = openPools(options);
  const guard = createGuard(options);
  const transactor = createTransactor({
    pools,
    clock,
    random,
    ...(options.newTrace && { newTrace: options.newTrace }),
    settle: (session, ended) => options.onJobsEnded(createTransaction(session), ended),
  });
  const retention = { ...RETENTION_DEFAULT, ...options.retention };
  await guard(() => maintain(pools.telemetry, retention));
  let closing: Promise<void> | undefined;
  return {
    reads: createGuardedReads(databaseOn(pools.api), guard),
    transaction: (context, work) =>
      transactor.run(runOf(context), (session) => work(createTransaction(session))),
    transactions: (context, items, work) =>
      togetherOrAlone(items, {
        together: (all) =>
          transactor.run(runOf(context), (session) => {
            const tx = createGatheredTransaction(session);
            return allOf(all.map((item) => work(tx, item)));
          }),
        alone: (item) =>
          transactor.run(runOf(context), (session) => work(createTransaction(session), item)),
      }),
    gatheredReads: guardEach(guard, createGatheredReads(databaseOn(pools.api))),
    snapshot: (work) =>
      transact(
        { pool: pools.api, clock, random, begin: SNAPSHOT_BEGIN, isRepeatable: true },
        async (client) => {
          const { rows } = await client.query<{ snapshot: string }>(CURRENT_SNAPSHOT);
          const cursor = cursorOfSnapshot(rows[0]!.snapshot, era); // a function call has one row
          return work(createReads(databaseOn(client)), cursor);
        },
      ),
    changes: guardLog(guard, createChangeLog(pools.relay, era)),
    eventLog: guardLog(guard, createEventLog(pools.relay, era)),
    dispatch: createDispatchStore({ pool: pools.relay, transactor, guard }),
    fleet: createFleetStore({ pool: pools.relay, guard, era }),
    placement: createPlacementStore({ transactor, clock }),
    snapshots: createSnapshotStore(pools.relay, guard),
    presence: createPresenceStore(transactor),
    telemetry: createTelemetryStore({
      pool: pools.telemetry,
      ...{ transactor, guard, retention, clock },
    }),
    observability: createObservabilityStore({ pools, pool: pools.api, guard }),
    maintain: () => guard(() => maintain(pools.telemetry, retention)),
    ping: async () => {
      await guard(() => pools.api.query("SELECT 1"));
    },
    close: () => {
      closing ??= Promise.all(Object.values(pools).map((pool) => pool.end())).then(() => undefined);
      return closing;
    },
  };
}
