import {
  type HostId,
  type JobId,
  type PlanId,
  type ProfileId,
  StoreError,
} from "@switchyard/model";
import { and, desc, eq, lt } from "drizzle-orm";
import { checkEtag, etagOf } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { plans } from "../schema/tables/jobs.ts";
import type { PlanReads, PlanRecord, PlanState, PlanWrites } from "./plan-queries.ts";

type PlanRow = typeof plans.$inferSelect;
type PlanDraft = Parameters<PlanWrites["create"]>[0];

const toRecord = (row: PlanRow): PlanRecord => ({
  id: row.id as PlanId,
  etag: etagOf(row.revision),
  host: row.host as HostId,
  hostKind: row.hostKind ?? undefined,
  profile: (row.profile as ProfileId | null) ?? undefined,
  profileGeneration: row.profileGeneration,
  state: row.state,
  createdAtMs: row.createdAt.getTime(),
  plan: row.plan,
  desired: row.desired,
  inventorySession: row.inventorySession,
  inventoryVersion: row.inventoryVersion,
  job: (row.job as JobId | null) ?? undefined,
});

const notFound = (id: PlanId): StoreError =>
  new StoreError("PLAN_NOT_FOUND", `no plan ${id}`, { found: id });

export function createPlanReads(db: Database): PlanReads {
  const find = async (id: PlanId) => {
    const [row] = await db.select().from(plans).where(eq(plans.id, id));
    return row === undefined ? undefined : toRecord(row);
  };
  return {
    find,
    get: async (id) => {
      const plan = await find(id);
      if (plan === undefined) throw notFound(id);
      return plan;
    },
    list: async ({ size, after, host }) => {
      const rows = await db
        .select()
        .from(plans)
        .where(
          and(
            after === undefined ? undefined : lt(plans.id, after),
            host === undefined ? undefined : eq(plans.host, host),
          ),
        )
        .orderBy(desc(plans.id))
        .limit(size + 1);
      return pageOf(rows.map(toRecord), { size, keyOf: (plan) => plan.id });
    },
  };
}

function stateOf({ plan }: PlanDraft): PlanState {
  if (plan.findings.some((finding) => finding.severity === "error")) return "blocked";
  return plan.steps.length === 0 ? "empty" : "ready";
}

async function create(session: Session, draft: PlanDraft): Promise<PlanRecord> {
  const [row] = await session.db
    .insert(plans)
    .values({
      ...draft,
      hostKind: draft.hostKind ?? null,
      profile: draft.profile ?? null,
      state: stateOf(draft),
    })
    .returning();
  const record = toRecord(row!); // an insert returns its row
  note(
    session,
    { kind: "plans", key: draft.id, operation: "created", record },
    { action: "plan.create", details: { host: draft.host, digest: draft.plan.digest } },
  );
  return record;
}

function checkState(plan: PlanRow): void {
  if (plan.state === "applied") {
    throw new StoreError("PLAN_ALREADY_APPLIED", `plan ${plan.id} was applied before`, {
      found: `jobs/${plan.job}`,
      try: "create a new plan",
    });
  }
  if (plan.state === "blocked") {
    throw new StoreError("PLAN_BLOCKED", `plan ${plan.id} has findings to be mended first`, {
      found: plan.plan.findings.map((finding) => finding.reason).join(", "),
    });
  }
}

async function markApplied(
  session: Session,
  change: Parameters<PlanWrites["markApplied"]>[0],
): Promise<PlanRecord> {
  const { db } = session;
  const [plan] = await db.select().from(plans).where(eq(plans.id, change.id)).for("update");
  if (plan === undefined) throw notFound(change.id);
  // Before the etag: applying raises it, and "applied before" tells more than "changed".
  checkState(plan);
  checkEtag(`plan ${change.id}`, change.etag, plan.revision);
  const [row] = await db
    .update(plans)
    .set({ state: "applied", job: change.job, revision: nextRevision })
    .where(eq(plans.id, change.id))
    .returning();
  const record = toRecord(row!); // locked above, so it is there
  note(
    session,
    { kind: "plans", key: change.id, operation: "updated", record },
    { action: "plan.apply", details: { job: change.job } },
  );
  return record;
}

export const createPlanWrites = (session: Session): PlanReads & PlanWrites => ({
  ...createPlanReads(session.db),
  create: (draft) => create(session, draft),
  markApplied: (change) => markApplied(session, change),
});
