import type { Atom, Column, Value } from "./schema.ts";

/** OVSDB JSON notation. Source: RFC 7047 section 5.1 */
export function encodeJson(column: Column, value: Value): unknown {
  const atom = (each: Atom) => (column.type === "uuid" ? ["uuid", each] : each);
  if (Array.isArray(value)) {
    const atoms = value as readonly Atom[];
    return atoms.length === 1 ? atom(atoms[0] as Atom) : ["set", atoms.map(atom)];
  }
  if (typeof value === "object") {
    const keyOf = (key: string) => (column.key === "integer" ? Number(key) : key);
    return ["map", Object.entries(value).map(([key, each]) => [keyOf(key), atom(each)])];
  }
  return atom(value as Atom);
}

/** A string needs quotes unless it reads as one identifier. Source: openvswitch/ovs lib/ovsdb-data.c */
function needsQuotes(text: string): boolean {
  if (text === "true" || text === "false") return true;
  return !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) || /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text);
}

const encodeAtom = (column: Column, atom: Atom): string => {
  if (column.type !== "string") return String(atom);
  return needsQuotes(String(atom)) ? JSON.stringify(String(atom)) : String(atom);
};

/** The text that `list`, `get` and `show` print. */
export function encodeText(column: Column, value: Value): string {
  if (Array.isArray(value)) {
    const atoms = (value as readonly Atom[]).map((each) => encodeAtom(column, each));
    if (column.shape === "optional" && atoms.length === 1) return atoms[0] as string;
    return `[${atoms.join(", ")}]`;
  }
  if (typeof value === "object") {
    const string: Column = { type: "string", shape: "one" };
    const pairs = Object.entries(value).map(
      ([key, each]) => `${encodeAtom(string, key)}=${encodeAtom(column, each)}`,
    );
    return `{${pairs.join(", ")}}`;
  }
  return encodeAtom(column, value as Atom);
}

const unquote = (text: string): string =>
  text.startsWith('"') && text.endsWith('"') ? (JSON.parse(text) as string) : text;

function parseAtom(column: Column, text: string): Atom {
  const plain = unquote(text.trim());
  if (column.type === "boolean") return plain === "true";
  if (column.type === "integer" || column.type === "real") return Number(plain);
  return plain;
}

const splitList = (text: string): readonly string[] =>
  (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,\s"])+/g) ?? []).map((part) => part.trim());

/** Reads a value as the command line writes it: `[a, b]`, `{k=v}`, `a`, `"a b"`. */
export function parseValue(column: Column, text: string): Value {
  const bare = text.trim().replace(/^[[{]|[\]}]$/g, "");
  if (column.shape === "one") return parseAtom(column, text);
  if (column.shape !== "map") return splitList(bare).map((part) => parseAtom(column, part));
  const pairs = splitList(bare).map((part) => {
    const at = part.indexOf("=");
    return [unquote(part.slice(0, at)), parseAtom(column, part.slice(at + 1))] as const;
  });
  return Object.fromEntries(pairs);
}
