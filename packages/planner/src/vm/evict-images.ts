/** An image in a host's cache. */
export interface CachedImage {
  readonly key: string;
  readonly sizeBytes: number;
  /** Wall clock of its last use. */
  readonly usedAtMs: number;
}

/**
 * Which images go so that `room` is kept, least recently used first; undefined when those in use alone leave
 * too little. An image in use never goes.
 */
export function planEviction(
  cached: readonly CachedImage[],
  options: {
    readonly inUse: ReadonlySet<string>;
    readonly room: { readonly countMax: number; readonly bytesMax: number };
  },
): readonly string[] | undefined {
  const { inUse, room } = options;
  const evictable = cached
    .filter(({ key }) => !inUse.has(key))
    .toSorted((left, right) => left.usedAtMs - right.usedAtMs);
  let count = cached.length;
  let bytes = cached.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const evicted: string[] = [];
  for (const { key, sizeBytes } of evictable) {
    if (count <= room.countMax && bytes <= room.bytesMax) break;
    evicted.push(key);
    count -= 1;
    bytes -= sizeBytes;
  }
  return count <= room.countMax && bytes <= room.bytesMax ? evicted : undefined;
}
