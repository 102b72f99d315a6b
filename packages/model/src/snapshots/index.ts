export { diffSnapshots, incomparableAreas } from "./diff.ts";
export {
  itemsOf,
  SNAPSHOT_AREAS,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotFields,
  type SnapshotItems,
  type SnapshotValue,
} from "./facts.ts";
export {
  parseSnapshotDocument,
  parseSnapshotRecord,
  parseSnapshotSeries,
} from "./parse.ts";
export {
  type AreaChange,
  type HostSnapshot,
  SNAPSHOT_LIMITS,
  type SnapshotChange,
  type SnapshotDocument,
  type SnapshotHead,
  type SnapshotRecord,
  type SnapshotSeries,
  type UnreadArea,
} from "./snapshot.ts";
