import type { Clock, Random } from "@switchyard/runtime";
import type pg from "pg";
import { noteTouchedHosts } from "../hosts/host-rows.ts";
import { databaseOn, flushLogs, type Session } from "./session.ts";
import { transact } from "./transact.ts";

export type PoolName = "api" | "relay" | "telemetry";

export interface TransactorOptions {
  readonly pools: Readonly<Record<PoolName, pg.Pool>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Begins a trace for jobs that nobody's call asked for; returns its `traceparent`. */
  readonly newTrace?: (actor: string) => string;
  /** Consequences of jobs that ended in the transaction. */
  readonly settle: (session: Session, ended: Session["endedJobs"]) => Promise<void>;
}

export interface RunOptions {
  readonly pool: PoolName;
  readonly actor: string;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly isRepeatable: boolean;
  readonly isDryRun?: boolean;
}

/** Runs work in transactions that log what they changed. */
export interface Transactor {
  run<T>(options: RunOptions, work: (session: Session) => Promise<T>): Promise<T>;
}

/** Effects may end further jobs; each round is smaller, and this many is far more than any chain has. */
const SETTLE_ROUNDS_MAX = 8;

async function settleAll(options: TransactorOptions, session: Session): Promise<void> {
  for (let round = 0; session.endedJobs.length > 0 && round < SETTLE_ROUNDS_MAX; round += 1) {
    await options.settle(session, session.endedJobs.splice(0));
  }
}

export function createTransactor(options: TransactorOptions): Transactor {
  const { pools, clock, random } = options;
  return {
    run: (run, work) =>
      transact({ ...run, pool: pools[run.pool], clock, random }, async (client) => {
        const given = run.traceparent === "" ? undefined : run.traceparent;
        let traceparent = given;
        const session: Session = {
          client,
          db: databaseOn(client),
          clock,
          random,
          actor: run.actor,
          requestId: run.requestId ?? "",
          traceparent: () => {
            traceparent ??= options.newTrace?.(run.actor) ?? "";
            return traceparent;
          },
          ownTraceparent: () => given ?? options.newTrace?.(run.actor) ?? "",
          changes: [],
          audits: [],
          endedJobs: [],
          touchedHosts: new Set(),
          placedHosts: new Set(),
        };
        const value = await work(session);
        await settleAll(options, session);
        noteTouchedHosts(session);
        flushLogs(session);
        return value;
      }),
  };
}
