import type { JobFailure, JobState, RolloutId } from "@switchyard/model";
import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import type { HostState } from "../hosts/host-record.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { jobs } from "../schema/tables/jobs.ts";
import { rolloutHosts, rollouts } from "../schema/tables/rollouts.ts";
import type { EmptiedHost, RolloutHostStatus } from "./rollout-queries.ts";
import { toRolloutPlace } from "./rollout-rows.ts";

/** An exclusive job of somebody else is at work on it, or an experiment has it. */
const isBusy = sql<boolean>`(${hosts.experiment} IS NOT NULL OR EXISTS (
  SELECT FROM jobs other WHERE other.exclusive_host = ${rolloutHosts.host}
    AND other.id IS DISTINCT FROM ${rolloutHosts.job}))`;

const { checksBefore: _, ...placeColumns } = getTableColumns(rolloutHosts);

const selectStatus = (db: Database) =>
  db
    .select({
      place: placeColumns,
      hostState: hosts.state,
      labels: hosts.labels,
      isBusy,
      jobState: jobs.state,
      jobFailure: jobs.failure,
      rolloutState: rollouts.state,
    })
    .from(rolloutHosts)
    .innerJoin(rollouts, eq(rollouts.name, rolloutHosts.rollout))
    .innerJoin(hosts, eq(hosts.name, rolloutHosts.host))
    .leftJoin(jobs, eq(jobs.id, rolloutHosts.job))
    .$dynamic();

type StatusRow = Awaited<ReturnType<typeof selectStatus>>[number];

const toStatus = ({ place, ...row }: StatusRow): RolloutHostStatus => ({
  ...toRolloutPlace(place),
  hostState: row.hostState as HostState,
  labels: row.labels,
  isBusy: row.isBusy,
  jobState: (row.jobState as JobState | null) ?? undefined,
  jobFailure: (row.jobFailure as JobFailure | null) ?? undefined,
});

export async function listStatus(
  db: Database,
  id: RolloutId,
): Promise<readonly RolloutHostStatus[]> {
  const rows = await selectStatus(db)
    .where(eq(rolloutHosts.rollout, id))
    .orderBy(asc(rolloutHosts.wave), asc(rolloutHosts.host));
  return rows.map(toStatus);
}

export async function listEmptied(db: Database, max: number): Promise<readonly EmptiedHost[]> {
  const rows = await selectStatus(db)
    .where(eq(rolloutHosts.isEmptied, true))
    .orderBy(asc(rolloutHosts.rollout), asc(rolloutHosts.host))
    .limit(max);
  return rows.map((row) => ({
    ...toStatus(row),
    rollout: row.place.rollout as RolloutId,
    rolloutState: row.rolloutState,
  }));
}
