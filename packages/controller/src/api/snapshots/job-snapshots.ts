import {
  type HostSnapshot,
  isJobEnd,
  type JobId,
  type SnapshotSeries,
  StoreError,
} from "@switchyard/model";
import { unfoldSeries } from "@switchyard/planner";
import { seriesOf } from "../../ingest/fetch-snapshots.ts";
import type { ApiParts } from "../parts.ts";
import type { SnapshotName } from "./snapshot-name.ts";

type Parts = Pick<ApiParts, "store" | "dispatch">;

/**
 * Snapshots of a job: as they were fetched at its end, or as its host has them now.
 *
 * @throws StoreError JOB_NOT_FOUND, SNAPSHOT_NOT_FOUND; DispatchError HOST_UNREACHABLE when only the host
 *   has them and it does not answer
 */
export async function readJobSnapshots(parts: Parts, id: JobId): Promise<SnapshotSeries> {
  const job = await parts.store.reads.jobs.get(id);
  const stored = isJobEnd(job.state) ? await parts.store.snapshots.find(id) : undefined;
  if (stored !== undefined) return stored;
  if (job.spec.kind !== "apply-host") throw noneOf(id, `a job of kind ${job.spec.kind}`);
  const answer = await parts.dispatch.snapshots(job);
  const series = seriesOf(answer, { job: id, host: job.host });
  if (series === undefined) throw noneOf(id, answer.message);
  return series;
}

const noneOf = (job: JobId, found: string): StoreError =>
  new StoreError("SNAPSHOT_NOT_FOUND", `job ${job} has no snapshots`, {
    found,
    needs: "a host plan that came to its first step",
  });

/** One snapshot of a series. */
export interface SnapshotAt {
  readonly series: SnapshotSeries;
  readonly index: number;
  readonly snapshot: HostSnapshot;
}

/** @throws StoreError SNAPSHOT_NOT_FOUND */
export function snapshotAt(series: SnapshotSeries, point: string): SnapshotAt {
  const snapshots = unfoldSeries(series);
  const index = snapshots.findIndex((each) => each.point === point);
  const snapshot = snapshots[index];
  if (snapshot !== undefined) return { series, index, snapshot };
  const missing = series.missing.find((each) => each.point === point);
  const points = snapshots.map((each) => each.point);
  throw new StoreError("SNAPSHOT_NOT_FOUND", `job ${series.job} has no snapshot ${point}`, {
    found: missing === undefined ? shorten(points) : `${point} is missing: ${missing.why}`,
    needs: "a point of the job",
    try: `swy job snapshots ${series.job}`,
  });
}

const POINTS_SHOWN_MAX = 12;

const shorten = (points: readonly string[]): string =>
  points.length <= POINTS_SHOWN_MAX
    ? points.join(", ")
    : `${points.slice(0, POINTS_SHOWN_MAX).join(", ")} … ${points.at(-1)}`;

/** @throws as {@link readJobSnapshots}, {@link snapshotAt} */
export const readSnapshot = async (parts: Parts, name: SnapshotName): Promise<SnapshotAt> =>
  snapshotAt(await readJobSnapshots(parts, name.job), name.point);
