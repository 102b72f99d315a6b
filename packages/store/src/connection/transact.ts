import { backoffMs, type Clock, type Random } from "@switchyard/runtime";
import type pg from "pg";
import { faultOf, sqlState, toStoreError } from "./database-error.ts";
import type { Statement } from "./exchange.ts";
import { types } from "./pool.ts";
import { createTransactionClient, type TransactionClient } from "./transaction-client.ts";

/** Tries of one transaction in all; the delays between them add up to about 1 s at most. */
const TRIES_MAX = 5;
const RETRY = { firstMs: 20, maxMs: 500, jitter: 0.5 };

export interface TransactOptions {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly begin?: Statement;
  /** Running it again after an unknown commit does no harm. */
  readonly isRepeatable: boolean;
  /** Ends with ROLLBACK instead of COMMIT. */
  readonly isDryRun?: boolean;
}

const BEGIN: Statement = { name: "begin", text: "BEGIN" };
const COMMIT: Statement = { name: "commit", text: "COMMIT" };
const ROLLBACK: Statement = { name: "rollback", text: "ROLLBACK" };

type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown; readonly isCommitUnknown: boolean };

/** A connection after an error without SQLSTATE can't be trusted: pg may still wait for its answer. */
const isBroken = (error: unknown): boolean =>
  faultOf(error) === "away" || (faultOf(error) === "bug" && sqlState(error) === undefined);

async function rollback(client: pg.PoolClient, transaction: TransactionClient): Promise<boolean> {
  if (!transaction.hasBegun) return true;
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    return false;
  }
}

async function attempt<T>(
  options: TransactOptions,
  work: (client: TransactionClient) => Promise<T>,
): Promise<Attempt<T>> {
  let client: pg.PoolClient;
  try {
    client = await options.pool.connect();
  } catch (error) {
    return { kind: "failed", error, isCommitUnknown: false };
  }
  let isCommitting = false;
  const transaction = createTransactionClient(client, options.begin ?? BEGIN, types);
  try {
    const value = await work(transaction);
    isCommitting = options.isDryRun !== true;
    await transaction.query(isCommitting ? COMMIT : ROLLBACK);
    client.release();
    return { kind: "done", value };
  } catch (error) {
    const isUsable = !isBroken(error) && (await rollback(client, transaction));
    client.release(!isUsable);
    // An answer with SQLSTATE to COMMIT says that it did not happen; silence says nothing.
    const isCommitUnknown = isCommitting && sqlState(error) === undefined;
    return { kind: "failed", error, isCommitUnknown };
  }
}

/**
 * Runs `work` in one transaction on one connection, again where the database asks for it.
 *
 * @throws what `work` raised, or StoreError DATABASE_UNAVAILABLE
 */
export async function transact<T>(
  options: TransactOptions,
  work: (client: TransactionClient) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    const result = await attempt(options, work);
    if (result.kind === "done") return result.value;
    const fault = faultOf(result.error);
    const mayRepeat = !result.isCommitUnknown || options.isRepeatable;
    if ((fault === "conflict" || fault === "away") && mayRepeat && tried < TRIES_MAX) {
      await options.clock.sleep(backoffMs(RETRY, tried, options.random));
      continue;
    }
    throw toStoreError(result.error, result.isCommitUnknown);
  }
}
