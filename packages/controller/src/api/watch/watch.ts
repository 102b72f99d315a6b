import { digestOf, InvalidInputError } from "@switchyard/model";
import { ChangeType, type WatchProgress } from "@switchyard/proto";
import type {
  Change,
  ChangeKind,
  ChangeOperation,
  ChangeRecords,
  LogCursor,
  Reads,
} from "@switchyard/store";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { coalesce } from "./coalesce.ts";
import type { LogReader } from "./log-hub.ts";

/** How often a watch says where it is, also when nothing changed. */
const PROGRESS_INTERVAL_MS = 5_000;

export type WatchItem<Item> =
  | { readonly kind: "change"; readonly type: ChangeType; readonly item: Item }
  | { readonly kind: "progress"; readonly progress: WatchProgress };

export interface WatchOptions<Kind extends ChangeKind> {
  readonly context: CallContext;
  readonly kind: Kind;
  readonly resumeToken: string;
  /** Everything besides the token that chooses what is watched; tokens are bound to it. */
  readonly filter: unknown;
  /** Whether a record belongs to what is watched; without it all do. */
  readonly matches?: (record: ChangeRecords[Kind]) => boolean;
  /** The records to begin with, at most a bounded number. */
  readonly list: (reads: Reads) => Promise<readonly ChangeRecords[Kind][]>;
}

interface ResumeTokenBody {
  readonly cursor: LogCursor;
  readonly filter: string;
}

const CHANGE_TYPES: Readonly<Record<ChangeOperation, ChangeType>> = {
  created: ChangeType.CREATED,
  updated: ChangeType.UPDATED,
  deleted: ChangeType.DELETED,
};

/** Seals and opens the tokens of one watch. */
export function createResumeTokens(
  parts: Pick<ApiParts, "resumeTokens">,
  subject: unknown,
): {
  seal(cursor: LogCursor, isSynced: boolean): WatchProgress;
  /** @throws InvalidInputError RESUME_TOKEN_INVALID */
  open(token: string): LogCursor;
} {
  const filter = digestOf(subject);
  return {
    seal: (cursor, isSynced) => ({
      resumeToken: parts.resumeTokens.seal({ cursor, filter }),
      isSynced,
    }),
    open: (token) => {
      const body = parts.resumeTokens.open(token) as ResumeTokenBody | undefined; // its MAC proves its shape
      if (body !== undefined && body.filter === filter) return body.cursor;
      const description = "was not made for this watch";
      throw new InvalidInputError("RESUME_TOKEN_INVALID", `resume_token ${description}`, {}, [
        { field: "resume_token", description },
      ]);
    },
  };
}

/** Gives what `reader` gives, and the reader's place whenever nothing came for a while. */
export async function* readOn<T>(
  reader: LogReader<T>,
  options: { readonly parts: Pick<ApiParts, "clock">; readonly signal: AbortSignal },
): AsyncGenerator<{ readonly entries: readonly T[]; readonly progress: LogCursor | undefined }> {
  const { clock } = options.parts;
  const { signal } = options;
  let dueMs = clock.monotonicMs() + PROGRESS_INTERVAL_MS;
  while (!signal.aborted) {
    const timeoutMs = Math.max(0, dueMs - clock.monotonicMs());
    const entries = await reader.next({ timeoutMs, signal });
    if (signal.aborted) return;
    const isDue = clock.monotonicMs() >= dueMs;
    if (isDue) dueMs = clock.monotonicMs() + PROGRESS_INTERVAL_MS;
    yield { entries, progress: isDue ? reader.cursor() : undefined };
  }
}

/**
 * Which of the matching records a watcher has. A watcher that resumed may have any, so it is told of the
 * end of each once, whether it had it or not.
 */
function createShown(isResumed: boolean): {
  add(key: string): void;
  /** Whether the watcher may have had it. */
  remove(key: string): boolean;
} {
  const shown = new Set<string>();
  const gone = new Set<string>();
  return {
    add: (key) => {
      shown.add(key);
      gone.delete(key);
    },
    remove: (key) => {
      const had = shown.delete(key) || (isResumed && !gone.has(key));
      if (isResumed) gone.add(key);
      return had;
    },
  };
}

/**
 * The records, then their changes in order: a snapshot at one instant unless there is a token, progress
 * with is_synced, changes with several of one record joined where the reader is slow, progress every few
 * seconds. A record that stops matching is reported as deleted.
 *
 * @throws InvalidInputError RESUME_TOKEN_INVALID
 * @throws StoreError RESUME_TOKEN_TOO_OLD
 */
export async function* watchRecords<Kind extends ChangeKind>(
  parts: ApiParts,
  options: WatchOptions<Kind>,
): AsyncGenerator<WatchItem<ChangeRecords[Kind]>> {
  const { kind, context, resumeToken } = options;
  const tokens = createResumeTokens(parts, { watch: kind, filter: options.filter });
  const matches = options.matches ?? (() => true);
  const isResumed = resumeToken !== "";
  const shown = createShown(isResumed);
  let cursor: LogCursor;
  if (isResumed) {
    cursor = tokens.open(resumeToken);
  } else {
    const snapshot = await parts.store.snapshot(async (reads, at) => ({
      records: (await options.list(reads)).filter(matches),
      cursor: at,
    }));
    for (const item of snapshot.records) {
      shown.add(item.id);
      yield { kind: "change", type: ChangeType.SNAPSHOT, item };
    }
    cursor = snapshot.cursor;
    yield { kind: "progress", progress: tokens.seal(cursor, true) };
  }
  const reader = parts.changes.openReader(cursor);
  for await (const { entries, progress } of readOn(reader, { parts, signal: context.signal })) {
    const ours = entries.filter((entry): entry is ChangeOf<Kind> => entry.kind === kind);
    for (const { operation, key, record } of coalesce(ours)) {
      const isMember = operation !== "deleted" && matches(record);
      if (isMember) {
        shown.add(key);
        yield { kind: "change", type: CHANGE_TYPES[operation], item: record };
      } else if (shown.remove(key)) {
        yield { kind: "change", type: ChangeType.DELETED, item: record };
      }
    }
    if (progress !== undefined) {
      yield { kind: "progress", progress: tokens.seal(progress, false) };
    }
  }
}

type ChangeOf<Kind extends ChangeKind> = Extract<Change, { readonly kind: Kind }> & {
  readonly record: ChangeRecords[Kind];
};

/**
 * What a watch gives, as its responses have it.
 *
 * @param fields what a change says of the record, beside the change's type
 */
export async function* toWatchEvents<Item, Fields extends object>(
  items: AsyncIterable<WatchItem<Item>>,
  fields: (item: Item) => Fields | Promise<Fields>,
) {
  for await (const item of items) {
    if (item.kind === "progress") {
      yield { event: { $case: "progress" as const, value: item.progress } };
    } else {
      const value = { type: item.type, ...(await fields(item.item)) };
      yield { event: { $case: "change" as const, value } };
    }
  }
}
