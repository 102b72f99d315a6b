/** Keys held at once; more means that a reader makes them up. */
const KEYS_MAX = 256;

/**
 * Remembers what costs much to read by something cheap that changes with it. One for the life of an agent;
 * without one every reading reads anew.
 */
export interface ReadCache {
  /** What was read under the key while the stamp was the same, or what `read` gives now. */
  get<Value>(key: string, stamp: string, read: () => Promise<Value>): Promise<Value>;
}

/** @throws RangeError for more than 256 keys */
export function createReadCache(): ReadCache {
  const known = new Map<string, { readonly stamp: string; readonly value: unknown }>();
  return {
    get: async <Value>(key: string, stamp: string, read: () => Promise<Value>) => {
      const found = known.get(key);
      if (found?.stamp === stamp) return found.value as Value; // a key has one reader
      const value = await read();
      if (!known.has(key) && known.size >= KEYS_MAX) {
        throw new RangeError(`more than ${KEYS_MAX} cached readings`);
      }
      known.set(key, { stamp, value });
      return value;
    },
  };
}

export const noReadCache: ReadCache = { get: (_key, _stamp, read) => read() };
