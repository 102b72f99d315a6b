import { digestOf, InvalidInputError } from "@switchyard/model";
import type { TokenSealer } from "./sealed-token.ts";

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 1000;

export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Where a page begins and how long it is; `after` is the last key of the page before. */
export interface Page {
  readonly limit: number;
  readonly after: string | undefined;
}

export interface Pager {
  /**
   * @param filter everything besides size and token that chooses what is listed
   * @throws InvalidInputError FIELD_INVALID, PAGE_TOKEN_INVALID
   */
  pageOf(request: PageRequest, filter: unknown): Page;
  /** Token of the page after `lastKey`; empty on the last page, where `lastKey` is undefined. */
  nextToken(lastKey: string | undefined, filter: unknown): string;
}

interface PageTokenBody {
  readonly after: string;
  readonly filter: string;
}

/** Page tokens bound to the list they were made for: method and filter. */
export function createPager(sealer: TokenSealer): Pager {
  return {
    pageOf: (request, filter) => {
      const { pageSize } = request;
      if (pageSize < 0 || pageSize > PAGE_SIZE_MAX) {
        const description = `must be 0 to ${PAGE_SIZE_MAX}`;
        throw new InvalidInputError(
          "FIELD_INVALID",
          `page_size ${description}`,
          { found: String(pageSize), needs: `0 to ${PAGE_SIZE_MAX}; 0 means ${PAGE_SIZE_DEFAULT}` },
          [{ field: "page_size", description }],
        );
      }
      const limit = pageSize === 0 ? PAGE_SIZE_DEFAULT : pageSize;
      if (request.pageToken === "") return { limit, after: undefined };
      const body = sealer.open(request.pageToken) as PageTokenBody | undefined; // its MAC proves its shape
      if (body === undefined || body.filter !== digestOf(filter)) {
        throw new InvalidInputError(
          "PAGE_TOKEN_INVALID",
          "the page token was not made for this list",
          {},
          [{ field: "page_token", description: "is not a token of this list" }],
        );
      }
      return { limit, after: body.after };
    },
    nextToken: (lastKey, filter) =>
      lastKey === undefined ? "" : sealer.seal({ after: lastKey, filter: digestOf(filter) }),
  };
}

/** Splits rows read with `limit + 1` into the page and the key of its last row, if more follow. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
): { readonly rows: readonly T[]; readonly lastKey: string | undefined } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rows.length > limit;
  return { rows: page, lastKey: hasMore && last !== undefined ? keyOf(last) : undefined };
}
