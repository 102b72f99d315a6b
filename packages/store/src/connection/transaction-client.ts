import type pg from "pg";
import { exchange, type Statement } from "./exchange.ts";

/**
 * The connection of one transaction. What nobody waits for goes with the next statement, in one round trip
 * and in order: BEGIN with the first, and the logs with COMMIT.
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

const isStatement = (query: unknown): query is Statement =>
  typeof query === "object" && query !== null && !("submit" in query);

/** A statement from whichever way pg's `query` was called; undefined for what can't share a round trip. */
function statementOf(query: unknown, values: unknown): Statement | undefined {
  const given = Array.isArray(values) ? { values } : {};
  if (typeof query === "string") return { text: query, ...given };
  return isStatement(query) ? { ...query, ...given } : undefined;
}

export function createTransactionClient(
  client: pg.ClientBase,
  begin: Statement,
  types: pg.CustomTypesConfig,
): TransactionClient {
  let deferred: Statement[] = [begin];
  let hasBegun = false;

  const queryAll = (statements: readonly Statement[]) => {
    const all = [...deferred, ...statements];
    const skipped = deferred.length;
    deferred = [];
    hasBegun = true;
    return exchange(client, all, types).then((results) => results.slice(skipped));
  };
  const query = async (first: unknown, values?: unknown): Promise<unknown> => {
    const statement = statementOf(first, values);
    if (statement !== undefined && deferred.length > 0) return (await queryAll([statement]))[0];
    if (deferred.length > 0) await queryAll([]);
    return client.query(first as Statement, values as unknown[]);
  };
  return {
    // Promise-style only, which is all that this package and drizzle use.
    query: query as pg.PoolClient["query"],
    queryAll,
    defer: (statement) => void deferred.push(statement),
    get hasBegun() {
      return hasBegun;
    },
  };
}
