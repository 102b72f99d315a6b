/** A place in a JSON value: names of members and indexes of elements, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** Puts a value at a place; without `to` the member there goes. */
export interface JsonEdit {
  readonly at: JsonPath;
  readonly to?: unknown;
}

export type JsonDelta = readonly JsonEdit[];

type Members = Readonly<Record<string, unknown>>;

/** Never what an object inherits. */
const own = (members: Members, name: string): unknown =>
  Object.hasOwn(members, name) ? members[name] : undefined;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * What makes `after` of `before`, in order. Members that are undefined are taken for absent. A list that grew or
 * shrank is replaced whole.
 */
export function diffJson(before: unknown, after: unknown): JsonDelta {
  const edits: JsonEdit[] = [];
  walk([], { before, after }, edits);
  return edits;
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
}

function walk(at: JsonPath, { before, after }: Pair, edits: JsonEdit[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, element] of after.entries()) {
      walk([...at, index], { before: before[index] as unknown, after: element as unknown }, edits);
    }
  } else if (isMembers(before) && isMembers(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      walk([...at, name], { before: own(before, name), after: own(after, name) }, edits);
    }
  } else edits.push(after === undefined ? { at } : { at, to: after });
}

/** @returns undefined where a place is not there: the delta is of another value */
export function applyJsonDelta(before: unknown, delta: JsonDelta): unknown {
  let value = before;
  for (const edit of delta) {
    value = put(value, edit.at, edit);
    if (value === undefined) return undefined;
  }
  return value;
}

function put(value: unknown, [key, ...rest]: JsonPath, edit: JsonEdit): unknown {
  if (key === undefined) return edit.to;
  const isLast = rest.length === 0;
  if (Array.isArray(value)) {
    if (typeof key !== "number" || !(key in value)) return undefined;
    const element = isLast ? edit.to : put(value[key], rest, edit);
    return element === undefined ? undefined : value.with(key, element);
  }
  if (!isMembers(value) || typeof key !== "string") return undefined;
  if (isLast && edit.to === undefined) {
    const { [key]: _, ...others } = value;
    return others;
  }
  if (!isLast && !Object.hasOwn(value, key)) return undefined;
  const member = isLast ? edit.to : put(value[key], rest, edit);
  return member === undefined ? undefined : { ...value, [key]: member };
}

/** Whether something that came from elsewhere has the form of a delta. */
export const isJsonDelta = (value: unknown): value is JsonDelta =>
  Array.isArray(value) &&
  value.every(
    (edit: unknown) =>
      isMembers(edit) &&
      Array.isArray(edit["at"]) &&
      edit["at"].every((key) => typeof key === "string" || typeof key === "number"),
  );
