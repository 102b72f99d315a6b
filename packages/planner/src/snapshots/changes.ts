import {
  type AreaChange,
  canonicalJson,
  itemsOf,
  SNAPSHOT_AREAS,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotFields,
  type SnapshotRecord,
} from "@switchyard/model";

type Changes = SnapshotRecord["changes"];

const isSame = (left: unknown, right: unknown): boolean =>
  canonicalJson(left) === canonicalJson(right);

function changeOf(
  before: Readonly<Record<string, SnapshotFields>>,
  after: Readonly<Record<string, SnapshotFields>>,
): AreaChange | undefined {
  const changed = Object.entries(after).filter(
    ([key, fields]) => !Object.hasOwn(before, key) || !isSame(before[key], fields),
  );
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  if (changed.length + gone.length === 0) return undefined;
  return Object.fromEntries([...changed, ...gone.map((key) => [key, null] as const)]);
}

/**
 * What has to be stored of `after` where `before` is stored. Areas that `after` lacks were not read and stay;
 * an area read for the first time is stored even when it is empty.
 */
export function changesBetween(before: SnapshotFacts, after: SnapshotFacts): Changes {
  const changes: Partial<Record<SnapshotArea, AreaChange>> = {};
  for (const area of SNAPSHOT_AREAS) {
    const now = itemsOf(after, area);
    const known = itemsOf(before, area);
    if (now === undefined) continue;
    const change = changeOf(known ?? {}, now) ?? (known === undefined ? {} : undefined);
    if (change !== undefined) changes[area] = change;
  }
  return changes;
}

/** The facts after stored changes: the inverse of {@link changesBetween}. */
export function applyChanges(before: SnapshotFacts, changes: Changes): SnapshotFacts {
  const facts: Partial<Record<SnapshotArea, unknown>> = { ...before };
  for (const area of SNAPSHOT_AREAS) {
    const change = changes[area];
    if (change === undefined) continue;
    const items = new Map(Object.entries(itemsOf(before, area) ?? {}));
    for (const [key, fields] of Object.entries(change)) {
      if (fields === null) items.delete(key);
      else items.set(key, fields);
    }
    facts[area] = Object.fromEntries([...items].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  return facts as SnapshotFacts; // areas hold what was stored of them
}
