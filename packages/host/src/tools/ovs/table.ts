import { arrayOf, recordOf, textOf } from "../json.ts";

/** One row of an OVSDB table, columns by name, values decoded. */
export type Row = ReadonlyMap<string, OvsValue>;

export type OvsAtom = string | number | boolean;
/** Sets are arrays, with the bare value of a one-element set in an array too; maps are Maps. */
export type OvsValue = readonly OvsAtom[] | ReadonlyMap<string, OvsAtom>;

/**
 * Decodes what `ovs-vsctl --format=json list` prints.
 *
 * @see RFC 7047 section 5.1
 */
export function decodeTable(answer: unknown): readonly Row[] {
  const table = recordOf(answer);
  const headings = arrayOf(table["headings"]).map((heading) => textOf(heading) ?? "");
  return arrayOf(table["data"]).map(
    (cells) => new Map(arrayOf(cells).map((cell, at) => [headings[at] ?? "", decodeValue(cell)])),
  );
}

function decodeValue(cell: unknown): OvsValue {
  const [tag, content] = arrayOf(cell);
  if (tag === "set") return arrayOf(content).flatMap((item) => atomOf(item) ?? []);
  if (tag === "map") return decodeMap(content);
  const atom = atomOf(cell);
  return atom === undefined ? [] : [atom];
}

function decodeMap(content: unknown): ReadonlyMap<string, OvsAtom> {
  const map = new Map<string, OvsAtom>();
  for (const [key, value] of arrayOf(content).map(arrayOf)) {
    const atom = atomOf(value);
    if (typeof key === "string" && atom !== undefined) map.set(key, atom);
  }
  return map;
}

function atomOf(cell: unknown): OvsAtom | undefined {
  if (typeof cell === "string" || typeof cell === "number" || typeof cell === "boolean") {
    return cell;
  }
  const [tag, uuid] = arrayOf(cell);
  return tag === "uuid" ? textOf(uuid) : undefined;
}

export const setOf = (row: Row, column: string): readonly OvsAtom[] => {
  const value = row.get(column);
  return value === undefined || value instanceof Map ? [] : (value as readonly OvsAtom[]);
};

export const mapOf = (row: Row, column: string): ReadonlyMap<string, OvsAtom> => {
  const value = row.get(column);
  return value instanceof Map ? value : new Map();
};

/** First element of a set, as text. */
export const columnText = (row: Row, column: string): string | undefined => {
  const value = setOf(row, column)[0];
  return value === undefined ? undefined : String(value);
};

/** First element of a set, when it is a number. */
export const columnNumber = (row: Row, column: string): number | undefined => {
  const value = setOf(row, column)[0];
  return typeof value === "number" ? value : undefined;
};
