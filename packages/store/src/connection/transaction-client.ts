import type pg from "pg";
import { exchange, type Statement } from "./exchange.ts";

/**
 * The connection of one transaction. What nobody waits for goes with the next statement, in one round trip
 * and in order: BEGIN with the first, and the logs with COMMIT. So does what is asked while an answer is awaited.
 */
export interface TransactionClient {
  readonly query: pg.PoolClient["query"];
  /** Several statements in one round trip; their results in order. */
  queryAll(statements: readonly Statement[]): Promise<readonly pg.QueryResult[]>;
  /** Executed before whatever is queried next. */
  defer(statement: Statement): void;
  /** False while nothing was sent. */
  readonly hasBegun: boolean;
}

/** A statement from whichever way pg's `query` was called. */
const statementOf = (query: string | Statement, values: unknown): Statement => ({
  ...(typeof query === "string" ? { text: query } : query),
  ...(Array.isArray(values) && { values }),
});

/** Statements that wait for their turn on the connection. */
interface Waiting {
  readonly statements: readonly Statement[];
  resolve(results: readonly pg.QueryResult[]): void;
  reject(error: unknown): void;
}

export function createTransactionClient(
  client: pg.ClientBase,
  begin: Statement,
  types: pg.CustomTypesConfig,
): TransactionClient {
  let deferred: Statement[] = [begin];
  let hasBegun = false;
  let isBusy = false;
  let waiting: Waiting[] = [];

  const takeDeferred = (): readonly Statement[] => {
    const taken = deferred;
    deferred = [];
    hasBegun = true;
    return taken;
  };

  const send = async (taken: readonly Waiting[]): Promise<void> => {
    const before = takeDeferred();
    const statements = [...before, ...taken.flatMap((each) => each.statements)];
    try {
      const results = await exchange(client, statements, types);
      let from = before.length;
      for (const { statements: own, resolve } of taken) {
        resolve(results.slice(from, from + own.length));
        from += own.length;
      }
    } catch (error) {
      for (const each of taken) each.reject(error);
    }
  };

  const pump = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      await send(taken);
    }
    isBusy = false;
  };

  const queryAll = (statements: readonly Statement[]): Promise<readonly pg.QueryResult[]> =>
    new Promise((resolve, reject) => {
      waiting.push({ statements, resolve, reject });
      void pump();
    });

  const query = async (first: string | Statement, values?: unknown): Promise<unknown> =>
    (await queryAll([statementOf(first, values)]))[0];
  return {
    // Statements only and promise-style, which is all that this package and drizzle use.
    query: query as pg.PoolClient["query"],
    queryAll,
    defer: (statement) => void deferred.push(statement),
    get hasBegun() {
      return hasBegun;
    },
  };
}
