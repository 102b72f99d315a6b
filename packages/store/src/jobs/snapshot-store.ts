import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  canonicalJson,
  type HostId,
  type JobId,
  parseSnapshotSeries,
  SNAPSHOT_LIMITS,
  type SnapshotSeries,
} from "@switchyard/model";
import type pg from "pg";
import type { Guard } from "../connection/guard.ts";

/** A job whose snapshots are to be fetched from its host. */
export interface WantedSnapshots {
  readonly job: JobId;
  readonly host: HostId;
  readonly epoch: number;
}

/** Snapshots of ended host plans. They live as long as their job. */
export interface SnapshotStore {
  /**
   * Host plans that ended in the last 24 h and whose snapshots are not here, oldest first; each again after
   * `retryMs` at the earliest, whoever asks.
   */
  claim(options: {
    readonly max: number;
    readonly retryMs: number;
  }): Promise<readonly WantedSnapshots[]>;
  /** Undefined: the host has none, and is not asked again. May run twice; a job that is gone is success. */
  put(job: JobId, series: SnapshotSeries | undefined): Promise<void>;
  /** Undefined where none are here. */
  find(job: JobId): Promise<SnapshotSeries | undefined>;
}

const CLAIM = {
  name: "claim_snapshots",
  text: `WITH due AS (
    SELECT j.id FROM jobs j LEFT JOIN job_snapshots s ON s.job = j.id
    WHERE j.kind = 'apply-host' AND j.accepted_at IS NOT NULL
      AND j.ended_at > now() - interval '24 hours'
      AND (s.job IS NULL OR (s.state = 'wanted' AND s.tried_at < now() - $1 * interval '1 ms'))
    ORDER BY j.ended_at LIMIT $2),
  claimed AS (
    INSERT INTO job_snapshots AS s (job) SELECT id FROM due
    ON CONFLICT (job) DO UPDATE SET tried_at = now()
      WHERE s.state = 'wanted' AND s.tried_at < now() - $1 * interval '1 ms'
    RETURNING job)
  SELECT j.id AS job, j.host, j.epoch FROM jobs j JOIN claimed ON claimed.job = j.id ORDER BY j.id`,
};

const PUT = {
  name: "put_snapshots",
  text: `INSERT INTO job_snapshots (job, state, series_deflated)
    SELECT id, $2, $3 FROM jobs WHERE id = $1
    ON CONFLICT (job) DO UPDATE SET state = $2, series_deflated = $3`,
};

const FIND = {
  name: "find_snapshots",
  text: "SELECT series_deflated FROM job_snapshots WHERE job = $1 AND state = 'stored'",
};

function inflate(bytes: Buffer): SnapshotSeries | undefined {
  const json = inflateRawSync(bytes, { maxOutputLength: SNAPSHOT_LIMITS.jsonBytesMax });
  return parseSnapshotSeries(JSON.parse(json.toString()));
}

export function createSnapshotStore(pool: pg.Pool, guard: Guard): SnapshotStore {
  return {
    claim: ({ max, retryMs }) =>
      guard(async () => {
        const { rows } = await pool.query<{ job: JobId; host: HostId; epoch: unknown }>({
          ...CLAIM,
          values: [retryMs, max],
        });
        return rows.map(({ job, host, epoch }) => ({ job, host, epoch: Number(epoch) }));
      }),
    put: (job, series) =>
      guard(async () => {
        const bytes = series === undefined ? null : deflateRawSync(canonicalJson(series));
        await pool.query({ ...PUT, values: [job, bytes === null ? "none" : "stored", bytes] });
      }),
    find: (job) =>
      guard(async () => {
        const { rows } = await pool.query<{ series_deflated: Buffer }>({ ...FIND, values: [job] });
        const bytes = rows[0]?.series_deflated;
        return bytes === undefined ? undefined : inflate(bytes);
      }),
  };
}
