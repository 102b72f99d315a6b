import DataLoader from "dataloader";
import { done, type Outcome } from "../connection/outcome.ts";

/** Questions answered by one statement; more are another one. */
const QUESTIONS_MAX = 256;

/**
 * A question that several ask, answered together: what is asked in one turn of the event loop is one call of
 * `answerAll`, which gives one outcome for each, in order. Nothing is kept for who asks later.
 */
export function gather<Asked, Given>(
  answerAll: (asked: readonly Asked[]) => Promise<readonly Outcome<Given>[]>,
): (asked: Asked) => Promise<Given> {
  const loader = new DataLoader<Asked, Given>(
    async (asked) => {
      const outcomes = await answerAll(asked);
      return outcomes.map((outcome) => (outcome.kind === "done" ? outcome.value : outcome.error));
    },
    { cache: false, maxBatchSize: QUESTIONS_MAX, batchScheduleFn: (ask) => setImmediate(ask) },
  );
  return (asked) => loader.load(asked);
}

/** The same for reading by keys, each of which is read once however many ask for it. */
export const gatherReads = <Key, Value>(
  readAll: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): ((key: Key) => Promise<Value | undefined>) =>
  gather(async (keys) => {
    const found = await readAll([...new Set(keys)]);
    return keys.map((key) => done(found.get(key)));
  });

/** The same for what has no key: all that ask in one turn get the one answer. */
export function gatherOne<Value>(read: () => Promise<Value>): () => Promise<Value> {
  const ask = gather<"it", Value>(async (asked) => {
    const value = await read();
    return asked.map(() => done(value));
  });
  return () => ask("it");
}

/** Reads each of a few different keys, one after the other. */
export const readEach =
  <Key, Value>(read: (key: Key) => Promise<Value | undefined>) =>
  async (keys: readonly Key[]): Promise<ReadonlyMap<Key, Value>> => {
    const found = new Map<Key, Value>();
    for (const key of keys) {
      const value = await read(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  };

/** Values by their keys. */
export const byKey = <Key, Value>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
): ReadonlyMap<Key, Value> => new Map(values.map((value) => [keyOf(value), value]));
