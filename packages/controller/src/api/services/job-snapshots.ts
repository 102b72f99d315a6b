import { diffSnapshots, incomparableAreas } from "@switchyard/model";
import type { DiffJobSnapshotsResponse, JobServiceService } from "@switchyard/proto";
import { toProtoDocument, toProtoSnapshot } from "../convert/snapshot.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { readJobSnapshots, readSnapshot, type SnapshotAt } from "../snapshots/job-snapshots.ts";
import { snapshotName } from "../snapshots/snapshot-name.ts";
import { jobName } from "../validation/names.ts";
import { readName } from "./read-fields.ts";

/** Lines of the kernel log shown between two snapshots, the newest. */
const KERNEL_LOG_MAX = 1_000;

const recordAt = ({ series, index }: SnapshotAt) => series.records[index]!; // it was found there

const toProtoAt = (at: SnapshotAt) => toProtoSnapshot(at.series, recordAt(at));

function linesBetween(from: SnapshotAt, to: SnapshotAt): string[] {
  if (from.series.job !== to.series.job) return [];
  const between = to.series.records.slice(from.index + 1, to.index + 1);
  return between.flatMap(({ kernelLog }) => kernelLog).slice(-KERNEL_LOG_MAX);
}

const compare = (from: SnapshotAt, to: SnapshotAt): DiffJobSnapshotsResponse => ({
  changes: diffSnapshots(from.snapshot.facts, to.snapshot.facts).map((change) => ({ ...change })),
  incomparableAreas: [...incomparableAreas(from.snapshot.facts, to.snapshot.facts)],
  from: toProtoAt(from),
  to: toProtoAt(to),
  kernelLog: linesBetween(from, to),
});

/** Reading and comparing what hosts were like in the course of their plans. */
export const createSnapshotReads = (parts: ApiParts) =>
  ({
    listJobSnapshots: {
      role: "viewer",
      call: async (request) => {
        const job = readName("job", request.job, jobName);
        const filter = { list: "job-snapshots", job };
        const { size, after } = parts.pager.pageOf(request, filter);
        const series = await readJobSnapshots(parts, job);
        const first = Number(after ?? 0);
        const records = series.records.slice(first, first + size);
        const next = first + size < series.records.length ? String(first + size) : undefined;
        return {
          snapshots: records.map((record) => toProtoSnapshot(series, record)),
          missing: series.missing.map(({ point, why }) => ({ point, why })),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    getJobSnapshot: {
      role: "viewer",
      call: async ({ name }) => {
        const at = await readSnapshot(parts, readName("name", name, snapshotName));
        return toProtoDocument(at.series, recordAt(at), at.snapshot);
      },
    },
    diffJobSnapshots: {
      role: "viewer",
      call: async (request) => {
        const from = readName("from", request.from, snapshotName);
        const to = readName("to", request.to, snapshotName);
        return compare(await readSnapshot(parts, from), await readSnapshot(parts, to));
      },
    },
  }) satisfies Partial<MethodsOf<typeof JobServiceService>>;
