import { assert, isRolloutEnd, type RolloutId, StoreError } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, eq, inArray, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import { rolloutHosts, rollouts } from "../schema/tables/rollouts.ts";
import { acceptGates, setGate } from "./rollout-gates.ts";
import { insertPlaces } from "./rollout-places.ts";
import { findProven, insertProfiles, releaseProfiles, setBack } from "./rollout-profiles.ts";
import type {
  RolloutChangeOfState,
  RolloutDraft,
  RolloutHostChange,
  RolloutReads,
  RolloutRecord,
  RolloutWrites,
} from "./rollout-queries.ts";
import {
  createRolloutReads,
  findRollout,
  MOVING_STATES,
  PAUSED_STATES,
  rolloutNotFound,
} from "./rollout-rows.ts";
import { listEmptied, listStatus } from "./rollout-status.ts";

async function reread(session: Session, id: RolloutId): Promise<RolloutRecord> {
  const record = await findRollout(session.db, id);
  assert(record !== undefined, "the rollout is locked, so it is there");
  return record;
}

async function create(session: Session, draft: RolloutDraft): Promise<RolloutRecord> {
  if ((await findRollout(session.db, draft.id)) !== undefined) {
    throw new StoreError("NAME_TAKEN", `rollout ${draft.id} exists`, { found: draft.id });
  }
  await session.db.insert(rollouts).values({
    name: draft.id,
    uid: newUuid(session.clock, session.random),
    actor: session.actor,
    traceparent: session.traceparent(),
    spec: draft.spec,
    state: "running",
    waveCount: draft.waveCount,
    hostsWithoutProfile: draft.hostsWithoutProfile,
  });
  await insertProfiles(session, draft);
  await insertPlaces(session, draft.id, draft.places);
  const record = await reread(session, draft.id);
  note(
    session,
    { kind: "rollouts", key: draft.id, operation: "created", record },
    {
      action: "rollout.create",
      details: {
        profiles: draft.profiles.map(({ profile }) => profile).join(", "),
        hosts: String(draft.places.length),
      },
    },
  );
  return record;
}

async function take(session: Session, id: RolloutId): Promise<RolloutRecord | undefined> {
  const [row] = await session.db
    .select({ name: rollouts.name })
    .from(rollouts)
    .where(
      and(eq(rollouts.name, id), inArray(rollouts.state, [...MOVING_STATES, ...PAUSED_STATES])),
    )
    .for("update", { skipLocked: true });
  return row === undefined ? undefined : reread(session, id);
}

async function lock(session: Session, id: RolloutId): Promise<RolloutRecord> {
  const [row] = await session.db
    .select({ name: rollouts.name })
    .from(rollouts)
    .where(eq(rollouts.name, id))
    .for("update");
  if (row === undefined) throw rolloutNotFound(id);
  return reread(session, id);
}

async function setState(session: Session, change: RolloutChangeOfState): Promise<RolloutRecord> {
  const { id, state, reason, wave, soakUntilMs, resumeState } = change;
  await session.db
    .update(rollouts)
    .set({
      state,
      stateReason: reason,
      resumeState: resumeState ?? null,
      revision: nextRevision,
      ...(wave !== undefined && { wave }),
      soakUntil: soakUntilMs === undefined ? null : new Date(soakUntilMs),
      ...(change.acceptedFailureCount !== undefined && {
        acceptedFailures: change.acceptedFailureCount,
      }),
      ...(state === "halted" && { haltedAt: sql`now()` }),
      ...(isRolloutEnd(state) && { endedAt: sql`now()` }),
    })
    .where(eq(rollouts.name, id));
  if (isRolloutEnd(state)) await releaseProfiles(session, id);
  const record = await reread(session, id);
  note(
    session,
    { kind: "rollouts", key: id, operation: "updated", record },
    { action: "rollout.state", details: { state, reason, wave: String(record.wave) } },
  );
  return record;
}

async function setHold(session: Session, id: RolloutId, hold: string): Promise<RolloutRecord> {
  await session.db
    .update(rollouts)
    .set({ hold, revision: nextRevision })
    .where(eq(rollouts.name, id));
  const record = await reread(session, id);
  note(
    session,
    { kind: "rollouts", key: id, operation: "updated", record },
    { action: hold === "" ? "rollout.release" : "rollout.hold", details: { hold } },
  );
  return record;
}

/** What a host's row becomes; null where it stays as it is. */
const toRow = ({ host, state, job, checksBefore, failure, proof }: RolloutHostChange) => ({
  host,
  state,
  job: job ?? null,
  checks_before: checksBefore ?? null,
  failure: failure ?? null,
  proof: proof ?? null,
  is_taken: (state === "running" || state === "rolling-back") && job === undefined,
});

/** One statement however many hosts: a wave may be begun, and a fleet settled, at once. */
const updateHosts = (session: Session, id: RolloutId, changes: readonly RolloutHostChange[]) =>
  session.db.execute(sql`
    UPDATE rollout_hosts h SET
      state = c.state,
      job = CASE WHEN c.is_taken THEN NULL ELSE coalesce(c.job, h.job) END,
      is_touched = h.is_touched OR c.job IS NOT NULL,
      checks_before = coalesce(c.checks_before, h.checks_before),
      failure = coalesce(c.failure, h.failure),
      proof = coalesce(c.proof, h.proof),
      taken_at = CASE WHEN c.is_taken THEN clock_timestamp() ELSE h.taken_at END,
      begun_at = CASE WHEN c.is_taken AND c.state = 'running' THEN clock_timestamp() ELSE h.begun_at END
    FROM jsonb_to_recordset(${JSON.stringify(changes.map(toRow))}::jsonb) AS c(
      host text, state text, job uuid, checks_before jsonb, failure jsonb, proof text, is_taken boolean)
    WHERE h.rollout = ${id} AND h.host = c.host`);

async function setHosts(
  session: Session,
  id: RolloutId,
  changes: readonly RolloutHostChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await updateHosts(session, id, changes);
  const hasFailure = changes.some(({ state }) => state === "failed");
  await session.db
    .update(rollouts)
    .set({
      revision: nextRevision,
      ...(hasFailure && { signalAt: sql`coalesce(signal_at, clock_timestamp())` }),
    })
    .where(eq(rollouts.name, id));
  const record = await reread(session, id);
  note(
    session,
    { kind: "rollouts", key: id, operation: "updated", record },
    {
      action: "rollout.hosts",
      details: Object.fromEntries(changes.map(({ host, state }) => [host, state])),
    },
  );
}

export const createRolloutWrites = (session: Session): RolloutReads & RolloutWrites => ({
  ...createRolloutReads(session.db),
  create: (draft) => create(session, draft),
  take: (id) => take(session, id),
  lock: (id) => lock(session, id),
  listStatus: (id) => listStatus(session.db, id),
  listEmptied: (max) => listEmptied(session.db, max),
  findProven: (profile) => findProven(session.db, profile),
  setBack: (id, back) => setBack(session, id, back),
  setState: (change) => setState(session, change),
  setHold: (id, hold) => setHold(session, id, hold),
  setHosts: (id, changes) => setHosts(session, id, changes),
  setGate: (id, outcome) => setGate(session, id, outcome),
  acceptGates: (id, wave) => acceptGates(session, id, wave),
  noteHost: async (id, { host, ...noted }) => {
    await session.db
      .update(rolloutHosts)
      .set(noted)
      .where(and(eq(rolloutHosts.rollout, id), eq(rolloutHosts.host, host)));
  },
});
