import { canonicalJson } from "../values/canonical-json.ts";
import {
  itemsOf,
  SNAPSHOT_AREAS,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotFields,
  type SnapshotValue,
} from "./facts.ts";
import type { SnapshotChange } from "./snapshot.ts";

const textOf = (value: SnapshotValue | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if (typeof value !== "object") return String(value);
  return value.length === 0 ? "none" : value.join(", ");
};

const summaryOf = (fields: SnapshotFields): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field} ${textOf(value)}`)
    .join("; ");

interface Item {
  readonly area: SnapshotArea;
  readonly item: string;
}

function diffItem(
  at: Item,
  before: SnapshotFields | undefined,
  after: SnapshotFields | undefined,
): readonly SnapshotChange[] {
  if (before === undefined || after === undefined) {
    const text = (fields: SnapshotFields | undefined) => fields && summaryOf(fields);
    return [{ ...at, field: "", before: text(before), after: text(after) }];
  }
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields
    .filter((field) => canonicalJson(before[field] ?? null) !== canonicalJson(after[field] ?? null))
    .map((field) => ({ ...at, field, before: textOf(before[field]), after: textOf(after[field]) }));
}

/** Numbers in names by value: `eth2` before `eth10`. */
const byName = (left: string, right: string): number =>
  left.localeCompare(right, "en", { numeric: true });

/** Areas that only one of the two has; they can't be compared. */
export const incomparableAreas = (
  before: SnapshotFacts,
  after: SnapshotFacts,
): readonly SnapshotArea[] =>
  SNAPSHOT_AREAS.filter(
    (area) => (itemsOf(before, area) === undefined) !== (itemsOf(after, area) === undefined),
  );

/** Where two snapshots differ, by area, item and field. An area that one of them lacks is left out. */
export function diffSnapshots(
  before: SnapshotFacts,
  after: SnapshotFacts,
): readonly SnapshotChange[] {
  return SNAPSHOT_AREAS.flatMap((area) => {
    const [old, now] = [itemsOf(before, area), itemsOf(after, area)];
    if (old === undefined || now === undefined) return [];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort(byName);
    return keys.flatMap((item) =>
      diffItem(
        { area, item },
        Object.hasOwn(old, item) ? old[item] : undefined,
        Object.hasOwn(now, item) ? now[item] : undefined,
      ),
    );
  });
}
