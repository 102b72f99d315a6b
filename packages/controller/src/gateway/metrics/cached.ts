import type { Clock } from "@switchyard/runtime";

/**
 * The same read, at most once per `ageMs`, however many ask; those who ask while it runs share it. A failure
 * is everybody's who waited for it, and is not kept.
 */
export function cached<T>(clock: Clock, ageMs: number, read: () => Promise<T>): () => Promise<T> {
  let current: { readonly value: Promise<T>; readonly atMs: number } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (current !== undefined && nowMs - current.atMs < ageMs) return current.value;
    const value = read();
    const entry = { value, atMs: nowMs };
    current = entry;
    value.catch(() => {
      if (current === entry) current = undefined;
    });
    return value;
  };
}
