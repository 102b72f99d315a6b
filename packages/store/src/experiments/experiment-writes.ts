import {
  assert,
  type ExperimentId,
  type ExperimentMode,
  type HostId,
  isExperimentEnd,
  type JobFailure,
  type JobState,
  StoreError,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import type { HostState } from "../hosts/host-record.ts";
import { noteHost } from "../hosts/host-rows.ts";
import { lockHost } from "../hosts/lock-host.ts";
import { experimentHosts, experimentRounds, experiments } from "../schema/tables/experiments.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { jobs } from "../schema/tables/jobs.ts";
import type {
  ExperimentChange,
  ExperimentDraft,
  ExperimentHostChange,
  ExperimentHostStatus,
  ExperimentReads,
  ExperimentRecord,
  ExperimentWrites,
} from "./experiment-queries.ts";
import {
  createExperimentReads,
  experimentNotFound,
  findExperiment,
  toExperimentHost,
} from "./experiment-rows.ts";

async function reread(session: Session, id: ExperimentId): Promise<ExperimentRecord> {
  const record = await findExperiment(session.db, id);
  assert(record !== undefined, "the experiment is locked, so it is there");
  return record;
}

/** Logs the experiment as it is now; its lesser changes are in nobody's audit. */
async function noteChange(
  session: Session,
  id: ExperimentId,
  audit: { readonly action: string; readonly details: Readonly<Record<string, string>> },
): Promise<ExperimentRecord> {
  await session.db
    .update(experiments)
    .set({ revision: nextRevision })
    .where(eq(experiments.name, id));
  const record = await reread(session, id);
  note(session, { kind: "experiments", key: id, operation: "updated", record }, audit);
  return record;
}

/** @throws StoreError HOST_NOT_FOUND, HOST_IN_EXPERIMENT */
async function takeHost(session: Session, id: ExperimentId, host: HostId): Promise<void> {
  await lockHost(session, host);
  const [row] = await session.db
    .update(hosts)
    .set({ experiment: id, experimentMode: null, revision: nextRevision })
    .where(and(eq(hosts.name, host), isNull(hosts.experiment)))
    .returning({ name: hosts.name });
  if (row === undefined) {
    throw new StoreError("HOST_IN_EXPERIMENT", `host ${host} is in an experiment`, {
      subject: `hosts/${host}`,
      needs: "a host that no experiment has",
      try: "swy bench list",
    });
  }
  await noteHost(session, host, { action: "host.take", details: { experiment: id } });
}

async function create(session: Session, draft: ExperimentDraft): Promise<ExperimentRecord> {
  const { id, spec, ground, seed, modeOrder, environment, deadlineMs } = draft;
  if ((await findExperiment(session.db, id)) !== undefined) {
    throw new StoreError("NAME_TAKEN", `experiment ${id} exists`, { found: id });
  }
  await session.db.insert(experiments).values({
    name: id,
    uid: newUuid(session.clock, session.random),
    actor: session.actor,
    traceparent: session.traceparent(),
    ...{ spec, ground, seed, modeOrder, environment },
    state: "switching",
    deadline: new Date(deadlineMs),
  });
  // By name, so that two who want the same pair do not wait for each other.
  for (const host of [...spec.hosts].sort()) await takeHost(session, id, host);
  await session.db
    .insert(experimentHosts)
    .values(spec.hosts.map((host, place) => ({ experiment: id, host, place })));
  const record = await reread(session, id);
  note(
    session,
    { kind: "experiments", key: id, operation: "created", record },
    {
      action: "experiment.create",
      details: { hosts: spec.hosts.join(", "), modes: modeOrder.join(", "), seed: String(seed) },
    },
  );
  return record;
}

async function take(
  session: Session,
  id: ExperimentId,
  { holder, holdMs }: { readonly holder: string; readonly holdMs: number },
): Promise<ExperimentRecord | undefined> {
  const { heldBy, heldUntil } = experiments;
  const isFree = or(isNull(heldBy), eq(heldBy, holder), sql`${heldUntil} < clock_timestamp()`);
  const [row] = await session.db
    .select({ name: experiments.name })
    .from(experiments)
    .where(and(eq(experiments.name, id), isNull(experiments.endedAt), isFree))
    .for("update", { skipLocked: true });
  if (row === undefined) return undefined;
  const until = sql`clock_timestamp() + ${holdMs} * interval '1 ms'`;
  // Renewed once half of it is gone, so that most looks write nothing.
  const isDue = sql`${heldBy} IS DISTINCT FROM ${holder}::uuid
    OR ${heldUntil} < clock_timestamp() + ${holdMs / 2} * interval '1 ms'`;
  await session.db
    .update(experiments)
    .set({ heldBy: holder, heldUntil: until })
    .where(and(eq(experiments.name, id), isDue));
  return reread(session, id);
}

async function lock(
  session: Session,
  id: ExperimentId,
  holder: string | undefined,
): Promise<ExperimentRecord | undefined> {
  const isHeld = holder === undefined ? undefined : eq(experiments.heldBy, holder);
  const [row] = await session.db
    .select({ name: experiments.name })
    .from(experiments)
    .where(and(eq(experiments.name, id), isHeld))
    .for("update");
  return row === undefined ? undefined : reread(session, id);
}

async function listStatus(
  session: Session,
  id: ExperimentId,
): Promise<readonly ExperimentHostStatus[]> {
  const exclusive = sql<boolean>`EXISTS (
    SELECT FROM jobs other WHERE other.exclusive_host = ${experimentHosts.host}
      AND other.id IS DISTINCT FROM ${experimentHosts.job})`;
  const rows = await session.db
    .select({
      own: experimentHosts,
      hostState: hosts.state,
      isBusy: exclusive,
      jobState: jobs.state,
      jobFailure: jobs.failure,
    })
    .from(experimentHosts)
    .innerJoin(hosts, eq(hosts.name, experimentHosts.host))
    .leftJoin(jobs, eq(jobs.id, experimentHosts.job))
    .where(eq(experimentHosts.experiment, id))
    .orderBy(asc(experimentHosts.place));
  return rows.map(({ own, hostState, isBusy, jobState, jobFailure }) => ({
    ...toExperimentHost(own),
    hostState: hostState as HostState,
    isBusy,
    jobState: (jobState as JobState | null) ?? undefined,
    jobFailure: (jobFailure as JobFailure | null) ?? undefined,
  }));
}

async function setState(session: Session, change: ExperimentChange): Promise<ExperimentRecord> {
  const { id, state, reason, deadlineMs, modeIndex, outcome, failure } = change;
  const before = await reread(session, id);
  await session.db
    .update(experiments)
    .set({
      state,
      stateReason: reason,
      ...(deadlineMs !== undefined && { deadline: new Date(deadlineMs) }),
      ...(modeIndex !== undefined && { modeIndex }),
      ...(outcome !== undefined && { outcome }),
      ...(failure !== undefined && { failure }),
      ...(isExperimentEnd(state) && { endedAt: sql`now()` }),
    })
    .where(eq(experiments.name, id));
  if (before.state !== state) {
    await session.db
      .update(experimentHosts)
      .set({ job: null, tries: 0, isDone: false })
      .where(eq(experimentHosts.experiment, id));
  }
  const details = { state, reason, mode: before.modeOrder[modeIndex ?? before.modeIndex] ?? "" };
  return noteChange(session, id, { action: "experiment.state", details });
}

async function setHosts(
  session: Session,
  id: ExperimentId,
  changes: readonly ExperimentHostChange[],
): Promise<void> {
  for (const change of changes) {
    const { host, tries, isDone } = change;
    const values = {
      ...("job" in change && { job: change.job ?? null }),
      ...("failure" in change && { failure: change.failure ?? null }),
      ...(tries !== undefined && { tries }),
      ...(isDone !== undefined && { isDone }),
    };
    if (Object.keys(values).length === 0) continue;
    await session.db
      .update(experimentHosts)
      .set(values)
      .where(and(eq(experimentHosts.experiment, id), eq(experimentHosts.host, host)));
  }
}

async function setHostMode(
  session: Session,
  id: ExperimentId,
  wanted: { readonly host: HostId; readonly mode: ExperimentMode | undefined },
): Promise<void> {
  const { host, mode } = wanted;
  await lockHost(session, host);
  const [row] = await session.db
    .update(hosts)
    .set({
      experimentMode: mode ?? null,
      desiredGeneration: sql`${hosts.desiredGeneration} + 1`,
      revision: nextRevision,
    })
    .where(
      and(
        eq(hosts.name, host),
        eq(hosts.experiment, id),
        sql`${hosts.experimentMode} IS DISTINCT FROM ${mode ?? null}::text`,
      ),
    )
    .returning({ name: hosts.name });
  if (row === undefined) return;
  const details = { experiment: id, mode: mode ?? "the profile's" };
  await noteHost(session, host, { action: "host.experiment-mode", details });
}

async function release(
  session: Session,
  id: ExperimentId,
  { host, failure }: { readonly host: HostId; readonly failure: JobFailure | undefined },
): Promise<void> {
  await lockHost(session, host);
  const [row] = await session.db
    .update(hosts)
    .set({ experiment: null, experimentMode: null, revision: nextRevision })
    .where(and(eq(hosts.name, host), eq(hosts.experiment, id)))
    .returning({ name: hosts.name });
  await session.db
    .update(experimentHosts)
    .set({ isReleased: true, failure: failure ?? null })
    .where(and(eq(experimentHosts.experiment, id), eq(experimentHosts.host, host)));
  if (row === undefined) return;
  await noteHost(session, host, { action: "host.release", details: { experiment: id } });
}

async function remove(session: Session, id: ExperimentId): Promise<ExperimentRecord> {
  const record = await lock(session, id, undefined);
  if (record === undefined) throw experimentNotFound(id);
  if (!isExperimentEnd(record.state)) {
    throw new StoreError("EXPERIMENT_STATE_WRONG", `experiment ${id} has not ended`, {
      subject: `experiments/${id}`,
      found: `state ${record.state}`,
      needs: "an experiment that has ended",
      try: `swy bench cancel ${id}`,
    });
  }
  await session.db.delete(experiments).where(eq(experiments.name, id));
  note(
    session,
    { kind: "experiments", key: id, operation: "deleted", record },
    { action: "experiment.delete" },
  );
  return record;
}

export const createExperimentWrites = (session: Session): ExperimentReads & ExperimentWrites => ({
  ...createExperimentReads(session.db),
  create: (draft) => create(session, draft),
  take: (id, hold) => take(session, id, hold),
  lock: async (id) => {
    const record = await lock(session, id, undefined);
    if (record === undefined) throw experimentNotFound(id);
    return record;
  },
  lockHeld: (id, holder) => lock(session, id, holder),
  listStatus: (id) => listStatus(session, id),
  setState: (change) => setState(session, change),
  setHosts: (id, changes) => setHosts(session, id, changes),
  setHostMode: (id, host, mode) => setHostMode(session, id, { host, mode }),
  release: (id, host, failure) => release(session, id, { host, failure }),
  setQuiet: async (id, quietAtMs) => {
    await session.db
      .update(experiments)
      .set({ quietAt: new Date(quietAtMs) })
      .where(eq(experiments.name, id));
  },
  setBaseline: async (id, mode, baseline) => {
    await session.db
      .update(experiments)
      .set({ baselines: sql`baselines || ${JSON.stringify({ [mode]: baseline })}::jsonb` })
      .where(eq(experiments.name, id));
    await noteChange(session, id, { action: "experiment.baseline", details: { mode } });
  },
  addRound: async (id, reading, output) => {
    const { mode, round } = reading;
    await session.db
      .insert(experimentRounds)
      .values({ experiment: id, mode, round, reading, output })
      .onConflictDoNothing();
    const details = { mode, round: String(round) };
    await noteChange(session, id, { action: "experiment.round", details });
  },
  delete: (id) => remove(session, id),
});
