import type { HostId, JobId } from "@switchyard/model";
import type pg from "pg";
import type { OutgoingJob } from "./job-record.ts";

/** Rows one claim takes at most. */
export const CLAIM_MAX = 256;
/** Resent after 5 s, 10 s, 20 s, 40 s and then every minute, until accepted or expired. */
export const FIRST_RESEND_MS = 5_000;
const RESEND_MS_MAX = 60_000;
/** Share of the delay that chance may take away, so that hosts of a broken shard do not fall in step. */
const RESEND_JITTER = 0.2;

/*
 * Claiming is sending: the row is made due again in the same statement. The host's epoch is read now,
 * because the host may have enrolled again since the job was made. Jobs past their expiry are left to
 * the sweep that ends them.
 */
const CLAIM = {
  name: "outbox_claim",
  text: `WITH due AS (
    SELECT job FROM outbox WHERE next_send_at <= now() AND expires_at > now()
    ORDER BY next_send_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  UPDATE outbox o
  SET sends = o.sends + 1,
      next_send_at = now() + least($2 * power(2, least(o.sends, 10)), $3)
                             * (1 - $4 * random()) * interval '1 ms'
  FROM due, hosts h
  WHERE o.job = due.job AND h.name = o.host
  RETURNING o.job, o.epoch, o.host, o.spec_json, o.expires_at, o.sends, o.traceparent, h.host_epoch`,
};

interface ClaimedRow {
  readonly job: JobId;
  readonly epoch: number;
  readonly host: HostId;
  readonly spec_json: string;
  readonly expires_at: Date;
  readonly sends: number;
  readonly traceparent: string;
  readonly host_epoch: number;
}

export async function claimOutbox(
  client: pg.Pool | pg.PoolClient,
  limit: number,
): Promise<readonly OutgoingJob[]> {
  const { rows } = await client.query<ClaimedRow>({
    ...CLAIM,
    values: [Math.min(limit, CLAIM_MAX), FIRST_RESEND_MS, RESEND_MS_MAX, RESEND_JITTER],
  });
  return rows.map((row) => ({
    host: row.host,
    hostEpoch: row.host_epoch,
    job: row.job,
    epoch: row.epoch,
    expireAtMs: row.expires_at.getTime(),
    specJson: row.spec_json,
    traceparent: row.traceparent,
    sends: row.sends,
  }));
}

export async function delayOutbox(
  client: pg.Pool,
  delay: { readonly jobs: readonly JobId[]; readonly delayMs: number },
): Promise<void> {
  await client.query({
    name: "outbox_delay",
    text: `UPDATE outbox SET next_send_at = now() + $2 * interval '1 ms' WHERE job = ANY($1::uuid[])`,
    values: [delay.jobs, delay.delayMs],
  });
}

export async function resendUnaccepted(
  client: pg.Pool,
  hosts: readonly HostId[] | undefined,
): Promise<number> {
  const { rowCount } = await client.query({
    name: "outbox_resend",
    text: `UPDATE outbox SET next_send_at = now(), sends = 0
      WHERE sends > 0 AND ($1::text[] IS NULL OR host = ANY($1))`,
    values: [hosts ?? null],
  });
  return rowCount ?? 0;
}

export async function nextDueInMs(client: pg.Pool): Promise<number | undefined> {
  const { rows } = await client.query<{ due: number | null }>({
    name: "outbox_next_due",
    text: `SELECT extract(epoch FROM min(next_send_at) - now())::float8 * 1000 AS due
      FROM outbox WHERE expires_at > now()`,
  });
  const due = rows[0]?.due ?? undefined;
  return due === undefined ? undefined : Math.max(0, due);
}
