import { SwitchyardError } from "@switchyard/model";

type Settled<T> = PromiseSettledResult<T>;

/** All values, once every work has come to its end. @throws what the first of them to fail rejected with */
export async function allOf<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  let first: { readonly error: unknown } | undefined;
  const values = await Promise.all(
    works.map((work) =>
      work.catch((error: unknown) => {
        first ??= { error };
        return undefined;
      }),
    ),
  );
  if (first !== undefined) throw first.error;
  return values as readonly T[]; // none rejected
}

const isAway = (error: unknown): boolean =>
  error instanceof SwitchyardError && error.reason === "DATABASE_UNAVAILABLE";

/**
 * Does all together and, where one of them fails, each alone: one that can't be done costs the others time and
 * nothing else. While the database is away nothing is tried again.
 */
export async function togetherOrAlone<Item, T>(
  items: readonly Item[],
  run: {
    readonly together: (items: readonly Item[]) => Promise<readonly T[]>;
    readonly alone: (item: Item) => Promise<T>;
  },
): Promise<readonly Settled<T>[]> {
  if (items.length > 1) {
    try {
      const values = await run.together(items);
      return values.map((value) => ({ status: "fulfilled", value }));
    } catch (error) {
      if (isAway(error)) return items.map(() => ({ status: "rejected", reason: error }));
    }
  }
  const results: Settled<T>[] = [];
  for (const item of items) results.push(...(await Promise.allSettled([run.alone(item)])));
  return results;
}
