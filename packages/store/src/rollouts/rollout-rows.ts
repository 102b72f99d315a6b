import {
  type GateOutcome,
  type HostId,
  type JobId,
  type ProfileId,
  type RolloutHostState,
  type RolloutId,
  type RolloutState,
  StoreError,
} from "@switchyard/model";
import { and, asc, eq, getTableColumns, gt, inArray, or, sql } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { rolloutHosts, rolloutProfiles, rollouts } from "../schema/tables/rollouts.ts";
import type {
  RolloutHostRecord,
  RolloutProfileRecord,
  RolloutReads,
  RolloutRecord,
} from "./rollout-queries.ts";

const NO_HOSTS: Readonly<Record<RolloutHostState, number>> = {
  waiting: 0,
  running: 0,
  verifying: 0,
  updated: 0,
  unchanged: 0,
  failed: 0,
  "rolling-back": 0,
  "rolled-back": 0,
  stuck: 0,
};

/** Columns by hand: drizzle leaves tables out, and both have a name. */
const counts = sql<Partial<Record<RolloutHostState, number>> | null>`(
  SELECT json_object_agg(state, n) FROM (
    SELECT state, count(*) AS n FROM rollout_hosts WHERE rollout = rollouts.name GROUP BY state) AS c)`;

const blastRadius = sql<number>`(
  SELECT count(*)::float8 FROM rollout_hosts
  WHERE rollout = rollouts.name AND begun_at > rollouts.signal_at)`;

const gates = sql<readonly GateOutcome[] | null>`(
  SELECT json_agg(json_build_object('wave', g.wave, 'position', g.position, 'verdict', g.verdict,
      'found', g.found, 'experiment', g.experiment, 'isAccepted', g.is_accepted)
    ORDER BY g.wave, g.position)
  FROM rollout_gates g WHERE g.rollout = rollouts.name)`;

type ProfileRow = Omit<RolloutProfileRecord, "provenGeneration" | "backGeneration"> & {
  readonly provenGeneration: number | null;
  readonly backGeneration: number | null;
};

const profiles = sql<readonly ProfileRow[] | null>`(
  SELECT json_agg(json_build_object('profile', p.profile, 'beforeGeneration', p.before_generation,
      'targetGeneration', p.target_generation, 'provenGeneration', p.proven_generation,
      'backGeneration', p.back_generation, 'changes', p.changes, 'waveHostCounts', p.wave_host_counts,
      'outsideHostCount', p.outside_host_count, 'outsideHosts', p.outside_hosts)
    ORDER BY p.profile)
  FROM rollout_profiles p WHERE p.rollout = rollouts.name)`;

export const selectRollouts = (db: Database) =>
  db
    .select({ ...getTableColumns(rollouts), counts, blastRadius, gates, profiles })
    .from(rollouts)
    .$dynamic();

type RolloutRow = Awaited<ReturnType<typeof selectRollouts>>[number];

export const toRolloutRecord = (row: RolloutRow): RolloutRecord => ({
  id: row.name as RolloutId,
  uid: row.uid,
  etag: etagOf(row.revision),
  createdAtMs: row.createdAt.getTime(),
  actor: row.actor,
  traceparent: row.traceparent,
  spec: row.spec,
  state: row.state,
  stateReason: row.stateReason,
  resumeState: row.resumeState ?? undefined,
  wave: row.wave,
  waveCount: row.waveCount,
  soakUntilMs: row.soakUntil?.getTime(),
  profiles: (row.profiles ?? []).map((profile) => ({
    ...profile,
    provenGeneration: profile.provenGeneration ?? undefined,
    backGeneration: profile.backGeneration ?? undefined,
  })),
  hostsWithoutProfile: row.hostsWithoutProfile,
  acceptedFailureCount: row.acceptedFailures,
  hold: row.hold,
  signalAtMs: row.signalAt?.getTime(),
  haltedAtMs: row.haltedAt?.getTime(),
  endedAtMs: row.endedAt?.getTime(),
  counts: { ...NO_HOSTS, ...row.counts },
  blastRadius: row.blastRadius,
  gates: (row.gates ?? []).map((gate) => ({ ...gate, experiment: gate.experiment ?? undefined })),
});

type RolloutHostRow = typeof rolloutHosts.$inferSelect;

/** Without its checks, which are as much as all else many times over. */
export const toRolloutPlace = (
  row: Omit<RolloutHostRow, "checksBefore">,
): Omit<RolloutHostRecord, "checksBefore"> => ({
  host: row.host as HostId,
  profile: row.profile as ProfileId,
  wave: row.wave,
  hardwareClass: row.hardwareClass,
  state: row.state,
  job: (row.job as JobId | null) ?? undefined,
  isTouched: row.isTouched,
  takenAtMs: row.takenAt?.getTime(),
  failure: row.failure ?? undefined,
  proof: row.proof,
  isEmptied: row.isEmptied,
  wasCordoned: row.wasCordoned,
});

export const toRolloutHost = (row: RolloutHostRow): RolloutHostRecord => ({
  ...toRolloutPlace(row),
  checksBefore: row.checksBefore ?? undefined,
});

export const rolloutNotFound = (id: RolloutId): StoreError =>
  new StoreError("ROLLOUT_NOT_FOUND", `no rollout ${id}`, { found: id });

/** They go on by themselves. */
export const MOVING_STATES: RolloutState[] = ["running", "soaking", "rolling-back"];
/** A person decides how they go on. */
export const PAUSED_STATES: RolloutState[] = ["paused", "halted"];

/** A paused one has hosts whose jobs go on, or have ended unseen. Those being emptied wait for as long as it does. */
const hasUnsettled = and(
  inArray(rollouts.state, PAUSED_STATES),
  sql`EXISTS (SELECT FROM rollout_hosts h WHERE h.rollout = ${rollouts.name}
    AND (h.state = 'verifying' OR (h.state IN ('running', 'rolling-back')
      AND NOT (h.is_emptied AND h.job IS NULL))))`,
);

export async function findRollout(db: Database, id: RolloutId): Promise<RolloutRecord | undefined> {
  const [row] = await selectRollouts(db).where(eq(rollouts.name, id));
  return row === undefined ? undefined : toRolloutRecord(row);
}

/** Some hosts of a rollout, in no order. */
export async function findRolloutHosts(
  db: Database,
  rollout: RolloutId,
  ids: readonly HostId[],
): Promise<readonly RolloutHostRecord[]> {
  const rows = await db
    .select()
    .from(rolloutHosts)
    .where(and(eq(rolloutHosts.rollout, rollout), inArray(rolloutHosts.host, [...ids])));
  return rows.map(toRolloutHost);
}

export function createRolloutReads(db: Database): RolloutReads {
  return {
    find: (id) => findRollout(db, id),
    get: async (id) => {
      const rollout = await findRollout(db, id);
      if (rollout === undefined) throw rolloutNotFound(id);
      return rollout;
    },
    list: async ({ size, after }) => {
      const rows = await selectRollouts(db)
        .where(after === undefined ? undefined : gt(rollouts.name, after))
        .orderBy(asc(rollouts.name))
        .limit(size + 1);
      return pageOf(rows.map(toRolloutRecord), { size, keyOf: (rollout) => rollout.id });
    },
    listHosts: async ({ rollout, size, after }) => {
      const rows = await db
        .select()
        .from(rolloutHosts)
        .where(
          and(
            eq(rolloutHosts.rollout, rollout),
            after === undefined ? undefined : gt(rolloutHosts.host, after),
          ),
        )
        .orderBy(asc(rolloutHosts.host))
        .limit(size + 1);
      return pageOf(rows.map(toRolloutHost), { size, keyOf: (host) => host.host });
    },
    findHost: async (rollout, host) => (await findRolloutHosts(db, rollout, [host]))[0],
    findHosts: (rollout, hosts) => findRolloutHosts(db, rollout, hosts),
    findLive: async (profile: ProfileId) => {
      const [row] = await db
        .select({ name: rolloutProfiles.rollout })
        .from(rolloutProfiles)
        .where(and(eq(rolloutProfiles.profile, profile), eq(rolloutProfiles.isLive, true)));
      return row === undefined ? undefined : (row.name as RolloutId);
    },
    listMoving: async () => {
      const rows = await db
        .select({ name: rollouts.name })
        .from(rollouts)
        .where(or(inArray(rollouts.state, MOVING_STATES), hasUnsettled))
        .orderBy(asc(rollouts.name));
      return rows.map(({ name }) => name as RolloutId);
    },
  };
}
