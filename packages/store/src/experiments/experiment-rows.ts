import {
  type ExperimentId,
  type ExperimentMode,
  type ExperimentRound,
  type HostId,
  type JobId,
  StoreError,
} from "@switchyard/model";
import { and, asc, eq, getTableColumns, gt, isNull, sql } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { experimentHosts, experimentRounds, experiments } from "../schema/tables/experiments.ts";
import type {
  ExperimentHostRecord,
  ExperimentReads,
  ExperimentRecord,
} from "./experiment-queries.ts";

/** Columns by hand: drizzle leaves tables out, and both have a name. */
const roundsDone = sql<number>`(
  SELECT count(*)::float8 FROM experiment_rounds WHERE experiment = experiments.name)`;

const selectExperiments = (db: Database) =>
  db
    .select({ ...getTableColumns(experiments), roundsDone })
    .from(experiments)
    .$dynamic();

type ExperimentRow = Awaited<ReturnType<typeof selectExperiments>>[number];

const toExperimentRecord = (row: ExperimentRow): ExperimentRecord => ({
  id: row.name as ExperimentId,
  uid: row.uid,
  etag: etagOf(row.revision),
  createdAtMs: row.createdAt.getTime(),
  actor: row.actor,
  traceparent: row.traceparent,
  spec: row.spec,
  ground: row.ground,
  seed: row.seed,
  modeOrder: row.modeOrder,
  modeIndex: row.modeIndex,
  state: row.state,
  stateReason: row.stateReason,
  deadlineMs: row.deadline.getTime(),
  outcome: row.outcome ?? undefined,
  failure: row.failure ?? undefined,
  environment: row.environment,
  baselines: row.baselines,
  roundsDone: row.roundsDone,
  quietAtMs: row.quietAt?.getTime(),
  endedAtMs: row.endedAt?.getTime(),
});

export const toExperimentHost = (
  row: typeof experimentHosts.$inferSelect,
): ExperimentHostRecord => ({
  host: row.host as HostId,
  place: row.place,
  job: (row.job as JobId | null) ?? undefined,
  tries: row.tries,
  isDone: row.isDone,
  isReleased: row.isReleased,
  failure: row.failure ?? undefined,
});

export const experimentNotFound = (id: ExperimentId): StoreError =>
  new StoreError("EXPERIMENT_NOT_FOUND", `no experiment ${id}`, { found: id });

export async function findExperiment(
  db: Database,
  id: ExperimentId,
): Promise<ExperimentRecord | undefined> {
  const [row] = await selectExperiments(db).where(eq(experiments.name, id));
  return row === undefined ? undefined : toExperimentRecord(row);
}

async function getExperiment(db: Database, id: ExperimentId): Promise<ExperimentRecord> {
  const experiment = await findExperiment(db, id);
  if (experiment === undefined) throw experimentNotFound(id);
  return experiment;
}

async function listRounds(db: Database, id: ExperimentId): Promise<readonly ExperimentRound[]> {
  const { modeOrder } = await getExperiment(db, id);
  const rows = await db
    .select({ mode: experimentRounds.mode, reading: experimentRounds.reading })
    .from(experimentRounds)
    .where(eq(experimentRounds.experiment, id))
    .orderBy(asc(experimentRounds.round));
  const place = (mode: string): number => modeOrder.indexOf(mode as ExperimentMode);
  return rows
    .sort((left, right) => place(left.mode) - place(right.mode))
    .map(({ reading }) => reading);
}

export function createExperimentReads(db: Database): ExperimentReads {
  return {
    find: (id) => findExperiment(db, id),
    get: (id) => getExperiment(db, id),
    list: async ({ size, after }) => {
      const rows = await selectExperiments(db)
        .where(after === undefined ? undefined : gt(experiments.name, after))
        .orderBy(asc(experiments.name))
        .limit(size + 1);
      return pageOf(rows.map(toExperimentRecord), { size, keyOf: ({ id }) => id });
    },
    listLive: async () => {
      const rows = await db
        .select({ name: experiments.name })
        .from(experiments)
        .where(isNull(experiments.endedAt))
        .orderBy(asc(experiments.name));
      return rows.map(({ name }) => name as ExperimentId);
    },
    listRounds: (id) => listRounds(db, id),
    getOutput: async (id, { mode, round }) => {
      const [row] = await db
        .select({ output: experimentRounds.output })
        .from(experimentRounds)
        .where(
          and(
            eq(experimentRounds.experiment, id),
            eq(experimentRounds.mode, mode),
            eq(experimentRounds.round, round),
          ),
        );
      if (row !== undefined) return row.output;
      const found = `${id}, ${mode}, round ${round}`;
      throw new StoreError("EXPERIMENT_NOT_FOUND", "no such round was measured", { found });
    },
    listHosts: async (id) => {
      const rows = await db
        .select()
        .from(experimentHosts)
        .where(eq(experimentHosts.experiment, id))
        .orderBy(asc(experimentHosts.place));
      return rows.map(toExperimentHost);
    },
  };
}
