/** Part of a list, in the order of its keys. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Key to give as `after` for what follows; undefined at the end. */
  readonly next: string | undefined;
}

export interface PageRequest {
  /** 1 to 1000. */
  readonly size: number;
  /** `next` of the page before; undefined for the first. */
  readonly after: string | undefined;
}

/** A page from `size + 1` rows: the one too many says that there is more. */
export function pageOf<T>(
  rows: readonly T[],
  page: { readonly size: number; readonly keyOf: (item: T) => string },
): Page<T> {
  const items = rows.slice(0, page.size);
  const last = items.at(-1);
  const hasMore = rows.length > page.size && last !== undefined;
  return { items, next: hasMore ? page.keyOf(last) : undefined };
}
