import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { JobRecord } from "./jobs/job-record.ts";
import type { Store, Transaction } from "./store.ts";

/** What follows from jobs that ended, in the transaction that ends them. */
export type JobEndEffects = (tx: Transaction, ended: readonly JobRecord[]) => Promise<void>;

export interface StoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Connections per pool; api 8, relay 6, telemetry 2 unless told. */
  readonly pools?: { readonly api?: number; readonly relay?: number; readonly telemetry?: number };
  /** Instead of `settleJobEnds`, which moves VMs and hosts. */
  readonly onJobsEnded?: JobEndEffects;
}

export declare function createStore(options: StoreOptions): Promise<Store>;
