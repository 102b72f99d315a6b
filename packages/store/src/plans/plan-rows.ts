import {
  type HostId,
  type JobId,
  type PlanId,
  type ProfileId,
  StoreError,
} from "@switchyard/model";
import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import { etagOf, etagTrouble } from "../connection/etag.ts";
import { done, type Outcome, onlyOf, refused } from "../connection/outcome.ts";
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

/** One outcome for each, in order. */
export async function createPlans(
  session: Session,
  drafts: readonly PlanDraft[],
): Promise<readonly Outcome<PlanRecord>[]> {
  const rows = await session.db
    .insert(plans)
    .values(
      drafts.map((draft) => ({
        ...draft,
        hostKind: draft.hostKind ?? null,
        profile: draft.profile ?? null,
        state: stateOf(draft),
      })),
    )
    .returning();
  const made = new Map(rows.map((row) => [row.id, toRecord(row)]));
  return drafts.map((draft) => {
    const record = made.get(draft.id)!; // an insert returns its rows
    note(
      session,
      { kind: "plans", key: draft.id, operation: "created", record },
      { action: "plan.create", details: { host: draft.host, digest: draft.plan.digest } },
    );
    return done(record);
  });
}

function whyNot(change: AppliedPlan, plan: PlanRow | undefined): StoreError | undefined {
  if (plan === undefined) return notFound(change.id);
  // Before the etag: applying raises it, and "applied before" tells more than "changed".
  if (plan.state === "applied") {
    return new StoreError("PLAN_ALREADY_APPLIED", `plan ${plan.id} was applied before`, {
      found: `jobs/${plan.job}`,
      try: "create a new plan",
    });
  }
  if (plan.state === "blocked") {
    return new StoreError("PLAN_BLOCKED", `plan ${plan.id} has findings to be mended first`, {
      found: plan.plan.findings.map((finding) => finding.reason).join(", "),
    });
  }
  return etagTrouble(`plan ${change.id}`, change.etag, plan.revision);
}

type AppliedPlan = Parameters<PlanWrites["markApplied"]>[0];

/** @returns the new revisions by plan */
async function setApplied(
  { db }: Session,
  changes: readonly AppliedPlan[],
): Promise<ReadonlyMap<string, number>> {
  if (changes.length === 0) return new Map();
  const { rows } = await db.execute<{ id: string; revision: string }>(sql`
    UPDATE plans SET state = 'applied', job = c.job, revision = nextval('revisions')
    FROM unnest(${sql.param(changes.map(({ id }) => id))}::uuid[],
      ${sql.param(changes.map(({ job }) => job))}::uuid[]) AS c(id, job)
    WHERE plans.id = c.id RETURNING plans.id, plans.revision`);
  return new Map(rows.map(({ id, revision }) => [id, Number(revision)]));
}

/** Of different plans; one outcome for each, in order. */
export async function markPlansApplied(
  session: Session,
  changes: readonly AppliedPlan[],
): Promise<readonly Outcome<PlanRecord>[]> {
  const { db } = session;
  const found = await db
    .select()
    .from(plans)
    .where(
      inArray(
        plans.id,
        changes.map(({ id }) => id),
      ),
    )
    .orderBy(asc(plans.id))
    .for("update");
  const known = new Map<string, PlanRow>(found.map((plan) => [plan.id, plan]));
  const errors = changes.map((change) => whyNot(change, known.get(change.id)));
  const free = changes.filter((_, index) => errors[index] === undefined);
  const revisions = await setApplied(session, free);
  return changes.map((change, index) => {
    const error = errors[index];
    const row = known.get(change.id);
    const revision = revisions.get(change.id);
    if (error !== undefined || row === undefined || revision === undefined) {
      return refused(error ?? notFound(change.id));
    }
    const record = toRecord({ ...row, state: "applied", job: change.job, revision });
    note(
      session,
      { kind: "plans", key: change.id, operation: "updated", record },
      { action: "plan.apply", details: { job: change.job } },
    );
    return done(record);
  });
}

export const createPlanWrites = (session: Session): PlanReads & PlanWrites => ({
  ...createPlanReads(session.db),
  create: async (draft) => onlyOf(await createPlans(session, [draft])),
  markApplied: async (change) => onlyOf(await markPlansApplied(session, [change])),
});
