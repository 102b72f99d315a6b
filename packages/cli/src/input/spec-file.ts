import { parse } from "yaml";
import { UsageError } from "../usage-error.ts";

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The spec in a YAML or JSON text: either the resource with its `spec`, or the spec alone; keys in snake_case
 * or camelCase, as the proto's JSON has them.
 *
 * @throws UsageError
 */
export function parseSpecText(text: string, source: string): JsonObject {
  let document: Json;
  try {
    document = parse(text);
  } catch (error) {
    throw new UsageError(`${source} is neither YAML nor JSON`, [String(error)]);
  }
  if (!isObject(document)) throw new UsageError(`${source} holds no fields`);
  const { spec } = document;
  return isObject(spec) ? spec : document;
}

/** Fields whose keys people choose: they are no field names and stay as they are. */
const MAP_FIELDS: ReadonlySet<string> = new Set(["selector", "hostSelector", "labels"]);

/** Fields of which the proto holds one: a flag for one replaces the file's other. */
const EXCLUSIVE_FIELDS: readonly (readonly string[])[] = [
  ["uplinkPort", "uplinkPciAddress"],
  ["disk", "kernel"],
  ["nics", "network"],
  ["nics", "queuePairs"],
];

/** Deep merge of plain objects; what stands in `over` wins. Field names come out in camelCase. */
export function mergeSpecs(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...camelKeys(base) };
  for (const key of Object.keys(camelKeys(over))) {
    const rivals = EXCLUSIVE_FIELDS.filter((group) => group.includes(key)).flat();
    for (const rival of rivals) if (rival !== key) delete merged[rival];
  }
  for (const [key, value] of Object.entries(camelKeys(over))) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? mergeMembers(key, old, value) : value;
  }
  return merged;
}

const mergeMembers = (key: string, old: JsonObject, value: JsonObject): JsonObject =>
  MAP_FIELDS.has(key) ? { ...old, ...value } : mergeSpecs(old, value);

const camelCase = (key: string): string =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const camelKeys = (value: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([key, member]) => [camelCase(key), member]));

/** A generated message type, as far as reading a spec needs it. */
interface MessageType<Message> {
  fromJSON(json: Json): Message;
  toJSON(message: Message): Json;
}

/**
 * The message in the JSON. Generated readers take any JSON and drop what they do not know, so the result is
 * held against the input: a field that is gone was misspelt, and a number that is no more was none.
 *
 * @throws UsageError naming every field that was not understood
 */
export function readMessage<Message>(
  type: MessageType<Message>,
  json: JsonObject,
  source: string,
): Message {
  let message: Message;
  try {
    message = type.fromJSON(json);
  } catch (error) {
    throw new UsageError(`${source} has a value of the wrong kind`, [String(error)]);
  }
  const problems = findLost(json, type.toJSON(message), "spec");
  if (problems.length > 0) throw new UsageError(`${source} was not understood`, problems);
  return message;
}

/**
 * The message of a file's spec with the flags' spec over it. The file is read alone first, so that what is
 * wrong in it is named in its own spelling.
 *
 * @throws UsageError
 */
export function readMerged<Message>(
  type: MessageType<Message>,
  specs: { readonly ofFile: JsonObject; readonly ofFlags: JsonObject },
  source: string,
): Message {
  readMessage(type, specs.ofFile, source);
  return readMessage(type, mergeSpecs(specs.ofFile, specs.ofFlags), source);
}

/** What the wire drops: a field at its default is the same as one that is absent. */
const isDefault = (value: Json): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every(isDefault));

function findLost(input: Json, output: Json, path: string): readonly string[] {
  if (isObject(input)) {
    if (output !== undefined && !isObject(output)) return [`${path} is no object`];
    return Object.entries(input).flatMap(([key, value]) => {
      const kept = isObject(output) ? (output[camelCase(key)] ?? output[key]) : undefined;
      return isDefault(value) && kept === undefined ? [] : findLost(value, kept, `${path}.${key}`);
    });
  }
  if (output === undefined) return [`${path} is not known`];
  if (output === "UNRECOGNIZED" || (typeof output === "number" && Number.isNaN(output))) {
    return [`${path} can't be ${JSON.stringify(input)}`];
  }
  return [];
}
