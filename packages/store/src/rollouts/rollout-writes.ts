import {
  assert,
  type HostProfileSpec,
  isRolloutEnd,
  type ProfileId,
  type RolloutId,
  type RolloutPlace,
  StoreError,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, desc, eq, inArray, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import { rolloutHosts, rollouts } from "../schema/tables/rollouts.ts";
import { acceptGates, setGate } from "./rollout-gates.ts";
import type {
  RolloutChangeOfState,
  RolloutDraft,
  RolloutHostChange,
  RolloutReads,
  RolloutRecord,
  RolloutWrites,
} from "./rollout-queries.ts";
import { createRolloutReads, findRollout, rolloutNotFound } from "./rollout-rows.ts";
import { listEmptied, listStatus } from "./rollout-status.ts";

async function reread(session: Session, id: RolloutId): Promise<RolloutRecord> {
  const record = await findRollout(session.db, id);
  assert(record !== undefined, "the rollout is locked, so it is there");
  return record;
}

async function refuseSecond(session: Session, { id, spec }: RolloutDraft): Promise<void> {
  if ((await findRollout(session.db, id)) !== undefined) {
    throw new StoreError("NAME_TAKEN", `rollout ${id} exists`, { found: id });
  }
  const live = await createRolloutReads(session.db).findLive(spec.profile);
  if (live === undefined) return;
  throw new StoreError("RESOURCE_IN_USE", `profile ${spec.profile} is being rolled out`, {
    found: `rollouts/${live}`,
    needs: "no rollout of the profile that has not ended",
    try: `swy rollout get ${live}`,
  });
}

const insertPlaces = (session: Session, rollout: RolloutId, places: readonly RolloutPlace[]) =>
  session.db.execute(sql`
    INSERT INTO rollout_hosts (rollout, host, wave, hardware_class)
    SELECT ${rollout}, host, wave, class
    FROM unnest(${sql.param(places.map(({ host }) => host))}::text[],
      ${sql.param(places.map(({ wave }) => wave))}::int[],
      ${sql.param(places.map(({ hardwareClass }) => hardwareClass))}::text[]) AS p(host, wave, class)`);

async function create(session: Session, draft: RolloutDraft): Promise<RolloutRecord> {
  await refuseSecond(session, draft);
  await session.db.insert(rollouts).values({
    name: draft.id,
    uid: newUuid(session.clock, session.random),
    actor: session.actor,
    profile: draft.spec.profile,
    spec: draft.spec,
    state: "running",
    waveCount: draft.waveCount,
    targetGeneration: draft.targetGeneration,
    targetSpec: draft.targetSpec,
    provenSpec: draft.provenSpec ?? null,
  });
  await insertPlaces(session, draft.id, draft.places);
  const record = await reread(session, draft.id);
  note(
    session,
    { kind: "rollouts", key: draft.id, operation: "created", record },
    {
      action: "rollout.create",
      details: { profile: draft.spec.profile, hosts: String(draft.places.length) },
    },
  );
  return record;
}

async function take(session: Session, id: RolloutId): Promise<RolloutRecord | undefined> {
  const [row] = await session.db
    .select({ name: rollouts.name })
    .from(rollouts)
    .where(
      and(eq(rollouts.name, id), inArray(rollouts.state, ["running", "soaking", "rolling-back"])),
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

async function findProven(
  session: Session,
  profile: ProfileId,
): Promise<HostProfileSpec | undefined> {
  const [row] = await session.db
    .select({ spec: rollouts.targetSpec })
    .from(rollouts)
    .where(and(eq(rollouts.profile, profile), eq(rollouts.state, "succeeded")))
    .orderBy(desc(rollouts.endedAt))
    .limit(1);
  return row?.spec;
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
      ...(change.targetGeneration !== undefined && { targetGeneration: change.targetGeneration }),
      ...(state === "halted" && { haltedAt: sql`now()` }),
      ...(isRolloutEnd(state) && { endedAt: sql`now()` }),
    })
    .where(eq(rollouts.name, id));
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
  findProven: (profile) => findProven(session, profile),
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
