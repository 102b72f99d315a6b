import type pg from "pg";
import { sqlState } from "../connection/database-error.ts";
import { RAW } from "./levels.ts";
import { partitionAt } from "./partitions.ts";

/** Keeps up the index that says which series and times stand in which pages of raw samples. */
export interface BlockIndex {
  /** Rows that begin at these times were committed. */
  note(firstMs: readonly number[]): void;
  /**
   * Takes in what was noted. What is not in the index yet is read whole by every query. Where the server is at work on
   * the same partition, the next call does it.
   */
  summarize(): Promise<void>;
}

/** Less than the server's deadlock_timeout, after which it would end an automatic vacuum for us. */
const LOCK_TIMEOUT_MS = 500;
const LOCK_NOT_AVAILABLE = "55P03";
/** Partitions noted: more are those of hosts whose clock is wrong. */
const PARTITIONS_MAX = 1_000;

/**
 * Two statements in one transaction of the server's own. A partition that is gone has no index.
 *
 * @see PostgreSQL manual, 65.5.1.1, Index Maintenance of BRIN, and 9.28.8
 */
const summarizeSql = (partitions: readonly string[]): string =>
  `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};
  SELECT brin_summarize_new_values(i.indexrelid)
  FROM unnest(ARRAY[${partitions.map((name) => `'${name}'`).join(",")}]) AS name
    JOIN pg_index i ON i.indrelid = to_regclass(name)
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam AND a.amname = 'brin'`;

export function createBlockIndex(pool: pg.Pool): BlockIndex {
  let waiting = new Set<number>();
  const note = (firstMs: Iterable<number>) => {
    for (const ms of firstMs) {
      const startMs = Math.floor(ms / RAW.partitionMs) * RAW.partitionMs;
      if (waiting.size < PARTITIONS_MAX) waiting.add(startMs);
    }
  };
  return {
    note,
    summarize: async () => {
      if (waiting.size === 0) return;
      const taken = waiting;
      waiting = new Set();
      try {
        await pool.query(summarizeSql([...taken].map((startMs) => partitionAt(RAW, startMs))));
      } catch (error) {
        note(taken);
        if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      }
    },
  };
}
