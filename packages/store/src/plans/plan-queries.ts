import type {
  HostDesired,
  HostId,
  HostKind,
  HostPlan,
  JobId,
  PlanId,
  ProfileId,
} from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

/**
 * ready -> applied: a job was made of it. empty: nothing to do. blocked: a finding of severity error.
 * The last three are never left.
 */
export type PlanState = "ready" | "empty" | "blocked" | "applied";

export interface PlanRecord {
  readonly id: PlanId;
  readonly etag: string;
  readonly host: HostId;
  readonly hostKind: HostKind | undefined;
  /** Undefined for a teardown. */
  readonly profile: ProfileId | undefined;
  readonly profileGeneration: number;
  readonly state: PlanState;
  readonly createdAtMs: number;
  readonly plan: HostPlan;
  readonly desired: HostDesired;
  /** Inventory the plan was made from. */
  readonly inventorySession: string;
  readonly inventoryVersion: number;
  readonly job: JobId | undefined;
}

export interface PlanReads {
  /** @throws StoreError PLAN_NOT_FOUND */
  get(id: PlanId): Promise<PlanRecord>;
  find(id: PlanId): Promise<PlanRecord | undefined>;
  /** Newest first. */
  list(page: PageRequest & { readonly host?: HostId | undefined }): Promise<Page<PlanRecord>>;
}

export interface PlanWrites {
  create(draft: Omit<PlanRecord, "etag" | "createdAtMs" | "job" | "state">): Promise<PlanRecord>;
  /**
   * @throws StoreError PLAN_NOT_FOUND, ETAG_STALE (an empty etag is not compared), PLAN_ALREADY_APPLIED,
   *   PLAN_BLOCKED
   */
  markApplied(change: {
    readonly id: PlanId;
    readonly etag: string;
    readonly job: JobId;
  }): Promise<PlanRecord>;
}
