import {
  canonicalJson,
  type HostSnapshot,
  parseHostId,
  parseJobId,
  type SnapshotDocument,
  type SnapshotHead,
  type SnapshotRecord,
  type SnapshotSeries,
} from "@switchyard/model";
import type { JobSnapshot } from "@switchyard/proto";
import { snapshotName } from "../snapshots/snapshot-name.ts";
import { hostName } from "../validation/names.ts";
import { toProtoDuration } from "./duration.ts";
import { HOST_KIND } from "./enums.ts";

const changedItems = ({ changes }: SnapshotRecord): number =>
  Object.values(changes).reduce((sum, items) => sum + Object.keys(items).length, 0);

const toProtoHead = (series: SnapshotSeries, head: SnapshotHead): JobSnapshot => ({
  name: snapshotName.format({ job: parseJobId(series.job), point: head.point }),
  host: hostName.format(parseHostId(series.host)),
  hostKind: HOST_KIND[series.hostKind],
  point: head.point,
  step: head.step ?? "",
  time: new Date(head.atMs),
  bootId: head.bootId,
  takenAreas: [...head.taken],
  unreadAreas: head.unread.map(({ area, message }) => ({ area, message })),
  kernelLog: [...head.kernelLog],
  kernelLogDroppedCount: head.kernelLogDropped,
  waitDuration: toProtoDuration(head.tookMs),
  changedItemCount: 0,
  documentJson: "",
});

/** Without its document. */
export const toProtoSnapshot = (series: SnapshotSeries, record: SnapshotRecord): JobSnapshot => ({
  ...toProtoHead(series, record),
  changedItemCount: changedItems(record),
});

/** With the whole of it, as an export holds it. */
export function toProtoDocument(
  series: SnapshotSeries,
  record: SnapshotRecord,
  snapshot: HostSnapshot,
): JobSnapshot {
  const { hostKind, host, job } = series;
  const document: SnapshotDocument = {
    ...{ kind: "switchyard-snapshot", version: 1, hostKind, host, job, snapshot },
  };
  return { ...toProtoSnapshot(series, record), documentJson: canonicalJson(document) };
}
