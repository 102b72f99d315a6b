import type { ExperimentRecord } from "../experiments/experiment-queries.ts";
import type { HostRecord } from "../hosts/host-record.ts";
import type { ImageRecord } from "../images/image-queries.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { NetworkRecord } from "../networks/network-queries.ts";
import type { PlanRecord } from "../plans/plan-queries.ts";
import type { ProfileRecord } from "../profiles/profile-queries.ts";
import type { RolloutRecord } from "../rollouts/rollout-queries.ts";
import type { VmRecord } from "../vms/vm-queries.ts";

/** Records of the kinds that can be watched. */
export interface ChangeRecords {
  readonly hosts: HostRecord;
  readonly profiles: ProfileRecord;
  readonly networks: NetworkRecord;
  readonly images: ImageRecord;
  readonly plans: PlanRecord;
  readonly jobs: JobRecord;
  readonly vms: VmRecord;
  readonly rollouts: RolloutRecord;
  readonly experiments: ExperimentRecord;
}

export type ChangeKind = keyof ChangeRecords;
export type ChangeOperation = "created" | "updated" | "deleted";

/** One change with the record as it was left; for a deletion, its last content. */
export type Change = {
  readonly [Kind in ChangeKind]: {
    readonly kind: Kind;
    readonly key: string;
    readonly operation: ChangeOperation;
    readonly record: ChangeRecords[Kind];
    readonly atMs: number;
  };
}[ChangeKind];

/**
 * Position in a log: everything visible in one database snapshot, and within a page of what came after it.
 * Opaque text without secrets; the API seals it into its tokens.
 */
export type LogCursor = string & { readonly __logCursor: true };

export interface LogPage<T> {
  readonly entries: readonly T[];
  /** After the last entry; also moves on when there is none. */
  readonly cursor: LogCursor;
  /** More is there already. */
  readonly hasMore: boolean;
}

/**
 * A log that is read behind its writers without missing any: a transaction that commits late appears
 * late, whatever its number. Entries of one key come in the order of their commits.
 */
export interface Log<T> {
  /** The present: everything committed so far is before it. */
  now(): Promise<LogCursor>;
  /** @throws StoreError RESUME_TOKEN_TOO_OLD, RESUME_TOKEN_INVALID */
  read(after: LogCursor, limit: number): Promise<LogPage<T>>;
  /**
   * As `read`, but nothing that was not committed at `until` yet; the last page's cursor is `until`
   * itself. With it a reader that is behind catches up with another one's position exactly.
   *
   * @param range.until a cursor of `now`, or of a page without more, taken later than `after`
   * @throws StoreError RESUME_TOKEN_TOO_OLD, RESUME_TOKEN_INVALID
   */
  readBetween(
    range: { readonly after: LogCursor; readonly until: LogCursor },
    limit: number,
  ): Promise<LogPage<T>>;
}
