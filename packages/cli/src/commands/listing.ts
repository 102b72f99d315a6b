import { allPages } from "@switchyard/client";
import type { Command } from "commander";
import { parseInteger } from "../input/pairs.ts";

export interface ListOptions {
  readonly limit?: string;
  readonly watch?: boolean;
  readonly resume?: string;
}

/** Items fetched at once, so that a long list takes few round trips. */
const PAGE_SIZE = 500;

/** Adds what every list takes. */
export function addListOptions(command: Command, can: { readonly watch: boolean }): void {
  command.option("--limit <n>", "at most this many");
  if (!can.watch) return;
  command
    .option("-w, --watch", "then print changes as they come; with -o json one document a line")
    .option("--resume <token>", "with --watch: go on after this token instead of with a snapshot");
}

/** All items of a paged list, or the first so many. */
export async function collectItems<Page extends { readonly nextPageToken: string }, Item>(
  fetchPage: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
  options: ListOptions & { readonly limitDefault?: number },
): Promise<readonly Item[]> {
  const { limitDefault = Number.POSITIVE_INFINITY } = options;
  const limit = options.limit === undefined ? limitDefault : parseInteger(options.limit);
  const pageSize = Math.min(limit, PAGE_SIZE);
  const items: Item[] = [];
  if (limit === 0) return items;
  for await (const item of allPages((pageToken) => fetchPage({ pageSize, pageToken }), itemsOf)) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}
