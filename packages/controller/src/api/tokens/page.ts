import { digestOf, InvalidInputError } from "@switchyard/model";
import type { Page, PageRequest } from "@switchyard/store";
import type { TokenSealer } from "./sealed-token.ts";

const PAGE_SIZE_DEFAULT = 100;
const PAGE_SIZE_MAX = 1000;

interface ListRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface Pager {
  /**
   * The page of a list that was asked for, and the token of the next one.
   *
   * @param filter everything besides size and token that chooses what is listed, the list's name included
   * @throws InvalidInputError FIELD_INVALID, PAGE_TOKEN_INVALID
   */
  read<Item>(
    request: ListRequest,
    filter: unknown,
    list: (page: PageRequest) => Promise<Page<Item>>,
  ): Promise<{ readonly items: readonly Item[]; readonly nextPageToken: string }>;
  /** As `read`, for lists that are put together otherwise. */
  pageOf(request: ListRequest, filter: unknown): PageRequest;
  /** Token of what follows `next`; empty at the end, where it is undefined. */
  tokenOf(next: string | undefined, filter: unknown): string;
}

interface PageTokenBody {
  readonly after: string;
  readonly filter: string;
}

function readSize(pageSize: number): number {
  if (pageSize >= 0 && pageSize <= PAGE_SIZE_MAX) {
    return pageSize === 0 ? PAGE_SIZE_DEFAULT : pageSize;
  }
  const description = `is ${pageSize}; must be 0 to ${PAGE_SIZE_MAX}`;
  throw new InvalidInputError("FIELD_INVALID", `page_size ${description}`, {}, [
    { field: "page_size", description },
  ]);
}

/** Page tokens bound to the list they were made for: its name and its filter. */
export function createPager(sealer: TokenSealer): Pager {
  const pageOf: Pager["pageOf"] = ({ pageSize, pageToken }, filter) => {
    const size = readSize(pageSize);
    if (pageToken === "") return { size, after: undefined };
    const body = sealer.open(pageToken) as PageTokenBody | undefined; // its MAC proves its shape
    if (body !== undefined && body.filter === digestOf(filter)) return { size, after: body.after };
    const description = "was not made for this list";
    throw new InvalidInputError("PAGE_TOKEN_INVALID", `page_token ${description}`, {}, [
      { field: "page_token", description },
    ]);
  };
  const tokenOf: Pager["tokenOf"] = (next, filter) =>
    next === undefined ? "" : sealer.seal({ after: next, filter: digestOf(filter) });
  return {
    pageOf,
    tokenOf,
    read: async (request, filter, list) => {
      const { items, next } = await list(pageOf(request, filter));
      return { items, nextPageToken: tokenOf(next, filter) };
    },
  };
}
