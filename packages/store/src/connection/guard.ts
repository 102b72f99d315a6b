import { backoffMs, type Clock, type Random } from "@switchyard/runtime";
import { faultOf, toStoreError } from "./database-error.ts";

/** Tries of one read in all. */
const TRIES_MAX = 4;
const RETRY = { firstMs: 20, maxMs: 300, jitter: 0.5 };

/** Runs one statement that may run twice; again, a bounded number of times, while the database is away. */
export type Guard = <T>(query: () => Promise<T>) => Promise<T>;

export function createGuard(options: { readonly clock: Clock; readonly random: Random }): Guard {
  return async (query) => {
    for (let tried = 1; ; tried += 1) {
      try {
        return await query();
      } catch (error) {
        const fault = faultOf(error);
        const mayRepeat = fault === "away" || fault === "conflict";
        if (!mayRepeat || tried >= TRIES_MAX) throw toStoreError(error, false);
        await options.clock.sleep(backoffMs(RETRY, tried, options.random));
      }
    }
  };
}

type Queries = object;

/** The same queries, each under the guard. */
export function guardQueries<T extends Queries>(guard: Guard, queries: T): T {
  const guarded = Object.entries(queries).map(([name, query]) => [
    name,
    (...values: readonly unknown[]) => guard(() => query(...values)),
  ]);
  // Every member of a query group is a function that returns a promise; the types stay as they were.
  return Object.fromEntries(guarded) as T;
}
