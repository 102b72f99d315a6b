import type { HostSnapshot, SnapshotFacts, SnapshotSeries } from "@switchyard/model";
import { applyChanges } from "./changes.ts";

/** The snapshots of a job, each whole, in the order in which they were taken. */
export function unfoldSeries(series: SnapshotSeries): readonly HostSnapshot[] {
  let facts: SnapshotFacts = {};
  return series.records.map(({ isWhole, changes, ...head }) => {
    facts = applyChanges(isWhole ? {} : facts, changes);
    return { ...head, facts };
  });
}
