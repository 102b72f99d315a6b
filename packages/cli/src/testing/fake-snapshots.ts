import { HostKind, JobSnapshot, type SnapshotChange } from "@switchyard/proto";

const CHANGES: readonly SnapshotChange[] = [
  { area: "functions", item: "0000:82:00.0", field: "vfCount", before: "0", after: "2" },
  { area: "bridges", item: "cxbr0", field: "", before: undefined, after: "isOurs true" },
];

const snapshotOf = (point: string, change: Partial<JobSnapshot> = {}) =>
  JobSnapshot.fromPartial({
    name: `jobs/j1/snapshots/${point}`,
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    point,
    ...change,
  });

/** Snapshots of job `j1`: of its start, of a step and of its end. */
export const snapshotAnswers = {
  listJobSnapshots: () => ({
    snapshots: [
      snapshotOf("start", { changedItemCount: 90, takenAreas: ["a", "b", "c", "d", "e"] }),
      snapshotOf("step-1", {
        step: "01-ensureVfCount",
        changedItemCount: 3,
        takenAreas: ["functions", "links"],
        unreadAreas: [{ area: "ovs", message: "no answer" }],
        kernelLog: ["[ 1.0] mlx5_core: E-Switch"],
      }),
    ],
    missing: [{ point: "step-2", why: "put off" }],
    nextPageToken: "",
  }),
  getJobSnapshot: ({ name }: { name: string }) =>
    snapshotOf("end", { name, documentJson: '{"kind":"switchyard-snapshot","version":1}' }),
  diffJobSnapshots: ({ from, to }: { from: string; to: string }) => ({
    changes: from === to ? [] : CHANGES,
    incomparableAreas: [],
    from: snapshotOf("start", { name: from }),
    to: snapshotOf("end", { name: to }),
    kernelLog: from === to ? [] : ["[ 1.0] mlx5_core: \u001b[31mE-Switch"],
  }),
};
