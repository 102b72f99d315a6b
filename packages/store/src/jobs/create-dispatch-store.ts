import { assert, type JobId } from "@switchyard/model";
import type pg from "pg";
import type { Guard } from "../connection/guard.ts";
import type { Session } from "../connection/session.ts";
import type { Transactor } from "../connection/transactor.ts";
import { applyEvents } from "./apply-events.ts";
import { createAllJobs, createJobs } from "./create-jobs.ts";
import type { DispatchStore, ExpiryReport } from "./dispatch.ts";
import { endJobs } from "./end-jobs.ts";
import type { JobRecord } from "./job-record.ts";
import { toJobRecord, toJobRow } from "./job-rows.ts";
import { claimOutbox, delayOutbox, nextDueInMs, resendUnaccepted } from "./outbox.ts";

/** Drafts of one batch; more make transactions long without making them cheaper per job. */
const DRAFTS_MAX = 1000;
/** Batches of events of one transaction. */
const EVENT_BATCHES_MAX = 1000;
const SWEEP_MAX = 256;

/** Beyond the expiry that the agent checks, so that a job taken at the last moment can still say so. */
const EXPIRY_GRACE_MS = 15_000;

async function expireOverdue(session: Session): Promise<ExpiryReport> {
  const { rows } = await session.client.query<{ job: JobId }>({
    name: "outbox_overdue",
    text: `SELECT job FROM outbox WHERE expires_at < now() - $1 * interval '1 ms'
      ORDER BY expires_at LIMIT $2`,
    values: [EXPIRY_GRACE_MS, SWEEP_MAX],
  });
  const expired = await endJobs(
    session,
    rows.map(({ job }) => ({
      job,
      state: "expired",
      failure: {
        reason: "JOB_EXPIRED",
        message: "no host accepted the job before it expired",
        metadata: { try: "start it again when the host is reachable" },
        step: undefined,
      },
    })),
  );
  return { expired };
}

const endForgotten = (session: Session, jobs: readonly JobId[]): Promise<readonly JobRecord[]> =>
  endJobs(
    session,
    jobs.map((job) => ({
      job,
      state: "needs-operator",
      failure: {
        reason: "STEP_OUTCOME_UNKNOWN",
        message: "its host took the job and no longer knows it",
        metadata: { try: "look at the host, then plan again" },
        step: undefined,
      },
    })),
  );

export function createDispatchStore(options: {
  readonly pool: pg.Pool;
  readonly transactor: Transactor;
  readonly guard: Guard;
}): DispatchStore {
  const { pool, guard } = options;
  const inTransaction = <T>(work: (session: Session) => Promise<T>) =>
    options.transactor.run({ pool: "relay", actor: "controller", isRepeatable: true }, work);
  return {
    createJobs: async (drafts) => {
      assert(drafts.length <= DRAFTS_MAX, `at most ${DRAFTS_MAX} jobs in one batch`);
      if (drafts.length === 0) return [];
      return inTransaction((session) => createJobs(session, drafts));
    },
    createAllJobs: async (drafts) => {
      assert(drafts.length <= DRAFTS_MAX, `at most ${DRAFTS_MAX} jobs in one batch`);
      if (drafts.length === 0) return [];
      return inTransaction((session) => createAllJobs(session, drafts));
    },
    applyEventBatches: async (batches) => {
      assert(batches.length <= EVENT_BATCHES_MAX, `at most ${EVENT_BATCHES_MAX} event batches`);
      if (batches.length === 0) return [];
      return inTransaction((session) => applyEvents(session, batches));
    },
    expireOverdue: () => inTransaction(expireOverdue),
    endForgotten: async (jobs) =>
      jobs.length === 0 ? [] : inTransaction((session) => endForgotten(session, jobs)),
    claimOutbox: (limit) => guard(() => claimOutbox(pool, limit)),
    delayOutbox: (jobs, delayMs) => guard(() => delayOutbox(pool, { jobs, delayMs })),
    resendUnaccepted: (hosts) => guard(() => resendUnaccepted(pool, hosts)),
    nextDueInMs: () => guard(() => nextDueInMs(pool)),
    listCancelRequested: () =>
      guard(async () => {
        const { rows } = await pool.query({
          name: "cancel_requested",
          text: "SELECT * FROM jobs WHERE is_cancel_requested ORDER BY id LIMIT $1",
          values: [SWEEP_MAX],
        });
        return rows.map((row: Readonly<Record<string, unknown>>) => toJobRecord(toJobRow(row)));
      }),
  };
}
