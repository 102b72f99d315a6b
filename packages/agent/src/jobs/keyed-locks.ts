/** One piece of work at a time per key, in the order they came. */
export interface KeyedLocks {
  /** Waits until the key is free. What fails frees it as well. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Those who wait are as many as jobs, which are bounded. */
export function createKeyedLocks(): KeyedLocks {
  const last = new Map<string, Promise<unknown>>();
  return {
    run: async (key, work) => {
      const turn = (last.get(key) ?? Promise.resolve()).then(work);
      const settled = turn.catch(() => undefined);
      last.set(key, settled);
      try {
        return await turn;
      } finally {
        if (last.get(key) === settled) last.delete(key);
      }
    },
  };
}
