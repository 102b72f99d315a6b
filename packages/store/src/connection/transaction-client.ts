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

const isStatement = (query: unknown): query is Statement =>
  typeof query === "object" && query !== null && !("submit" in query);

/** A statement from whichever way pg's `query` was called; undefined for what can't share a round trip. */
function statementOf(query: unknown, values: unknown): Statement | undefined {
  const given = Array.isArray(values) ? { values } : {};
  if (typeof query === "string") return { text: query, ...given };
  return isStatement(query) ? { ...query, ...given } : undefined;
}

/** Statements that wait for their turn on the connection. */
interface Waiting {
  readonly statements: readonly Statement[];
  /** Sends them where they go alone. */
  readonly alone?: () => Promise<pg.QueryResult>;
  /** They can't share a round trip. */
  readonly isSole?: boolean;
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

  /** All that wait, up to one that must go alone. */
  const takeNext = (): readonly Waiting[] => {
    const sole = waiting.findIndex(({ isSole }) => isSole === true);
    const count = sole === -1 ? waiting.length : Math.max(sole, 1);
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };

  const takeDeferred = (): readonly Statement[] => {
    const taken = deferred;
    deferred = [];
    hasBegun = true;
    return taken;
  };

  const exchanged = async (taken: readonly Waiting[]): Promise<void> => {
    const before = takeDeferred();
    const statements = [...before, ...taken.flatMap((each) => each.statements)];
    const results = await exchange(client, statements, types);
    let from = before.length;
    for (const { statements: own, resolve } of taken) {
      resolve(results.slice(from, from + own.length));
      from += own.length;
    }
  };

  const send = async (taken: readonly Waiting[]): Promise<void> => {
    const [first] = taken;
    const mayGoAlone = taken.length === 1 && (deferred.length === 0 || first?.isSole === true);
    try {
      if (first?.alone === undefined || !mayGoAlone) return await exchanged(taken);
      if (deferred.length > 0) await exchange(client, takeDeferred(), types);
      hasBegun = true;
      first.resolve([await first.alone()]);
    } catch (error) {
      for (const each of taken) each.reject(error);
    }
  };

  const pump = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length > 0) await send(takeNext());
    isBusy = false;
  };

  const add = (entry: Omit<Waiting, "resolve" | "reject">): Promise<readonly pg.QueryResult[]> =>
    new Promise((resolve, reject) => {
      waiting.push({ ...entry, resolve, reject });
      void pump();
    });

  const query = async (first: unknown, values?: unknown): Promise<unknown> => {
    const statement = statementOf(first, values);
    const alone = () => client.query(first as Statement, values as unknown[]);
    const [result] = await add(
      statement === undefined
        ? { statements: [], alone, isSole: true }
        : { statements: [statement], alone },
    );
    return result;
  };
  return {
    // Promise-style only, which is all that this package and drizzle use.
    query: query as pg.PoolClient["query"],
    queryAll: (statements) => add({ statements }),
    defer: (statement) => void deferred.push(statement),
    get hasBegun() {
      return hasBegun;
    },
  };
}
