import type {
  ChangeKind,
  ChangeRecords,
  Page,
  PageRequest,
  Reads,
  Transaction,
} from "@switchyard/store";
import type { StreamMethod, UnaryMethod } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { type ChangingRequest, type JsonForm, mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";

/*
 * The shapes that methods of several services have.
 */

export interface Changing<Req, Res, Wish> {
  readonly takes: JsonForm<Req>;
  readonly gives: JsonForm<Res>;
  /** Reads all of the request, before anything is done. @throws InvalidInputError FIELD_INVALID */
  readonly read: (request: Req) => Wish;
  /** What is waited for outside of the transaction. */
  readonly before?: (wish: Wish) => Promise<unknown>;
  /** In one transaction. Runs again when the database asks for it. */
  readonly work: (tx: Transaction, wish: Wish) => Promise<Res>;
}

/** A method by which an operator changes something, once per request id. */
export const changing = <Req extends ChangingRequest, Res, Wish>(
  parts: ApiParts,
  { takes, gives, read, before, work }: Changing<Req, Res, Wish>,
): UnaryMethod<Req, Res> => ({
  role: "operator",
  call: async (request, context) => {
    const wish = read(request);
    await before?.(wish);
    return mutate(parts, {
      ...{ context, request, requestType: takes, responseType: gives },
      work: (tx) => work(tx, wish),
    });
  },
});

export interface Watching<Kind extends ChangeKind, Fields extends object> {
  readonly kind: Kind;
  readonly from: (reads: Reads) => {
    list(page: PageRequest): Promise<Page<ChangeRecords[Kind]>>;
  };
  /** What a change says of a record. */
  readonly show: (record: ChangeRecords[Kind]) => Fields | Promise<Fields>;
}

/** A method that gives all records of a kind, and then their changes. */
export const watching = <Kind extends ChangeKind, Fields extends object>(
  parts: ApiParts,
  { kind, from, show }: Watching<Kind, Fields>,
) =>
  ({
    role: "viewer",
    stream: ({ resumeToken }, context) => {
      const list = (reads: Reads) => listAll((page) => from(reads).list(page), SNAPSHOT_MAX);
      const items = watchRecords(parts, { context, kind, resumeToken, filter: {}, list });
      return toWatchEvents(items, show);
    },
  }) satisfies StreamMethod<{ readonly resumeToken: string }, unknown>;
