import type { Page, PageRequest } from "@switchyard/store";

const PAGE_SIZE = 1000;

/** All items of a list, or its first `max`. */
export async function listAll<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  max: number,
): Promise<readonly T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = await list({ size: Math.min(PAGE_SIZE, max - items.length), after });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined && items.length < max);
  return items;
}
