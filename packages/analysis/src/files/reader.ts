import { InvalidInputError } from "@switchyard/model";

/** Reads a document member by member; what does not fit is refused with its path. */
export interface Reader {
  readonly path: string;
  /** @throws InvalidInputError where it is no object, or lacks the member */
  member(name: string): Reader;
  /** Undefined where the member is absent or null. */
  optional(name: string): Reader | undefined;
  text(): string;
  flag(): boolean;
  oneOf<Choice extends string>(choices: readonly Choice[]): Choice;
  /** Finite; at least `least`. */
  number(least?: number): number;
  list<Item>(read: (item: Reader) => Item): readonly Item[];
  texts(): Readonly<Record<string, string>>;
}

/** More than any experiment has of anything. */
const ITEMS_MAX = 1_000_000;
const TEXT_LENGTH_MAX = 4096;

type Members = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function refuse(path: string, needs: string): never {
  throw new InvalidInputError("EXPERIMENT_FILE_MALFORMED", "this is no exported experiment", {
    found: path === "" ? "the document as a whole does not fit" : `${path} does not fit`,
    needs,
  });
}

export function createReader(value: unknown, path = ""): Reader {
  const record = (): Members => (isRecord(value) ? value : refuse(path, "an object"));
  const child = (name: string, member: unknown) =>
    createReader(member, path === "" ? name : `${path}.${name}`);
  const text = (): string =>
    typeof value === "string" && value.length <= TEXT_LENGTH_MAX
      ? value
      : refuse(path, `a text of at most ${TEXT_LENGTH_MAX} characters`);
  return {
    path,
    text,
    flag: () => (typeof value === "boolean" ? value : refuse(path, "true or false")),
    member: (name) => {
      const members = record();
      return Object.hasOwn(members, name)
        ? child(name, members[name])
        : refuse(child(name, undefined).path, "a value");
    },
    optional: (name) => {
      const member = record()[name] ?? undefined;
      return member === undefined ? undefined : child(name, member);
    },
    oneOf: (choices) =>
      choices.find((choice) => choice === value) ?? refuse(path, `one of ${choices.join(", ")}`),
    number: (least = 0) =>
      typeof value === "number" && Number.isFinite(value) && value >= least
        ? value
        : refuse(path, `a number of at least ${least}`),
    list: (read) =>
      Array.isArray(value) && value.length <= ITEMS_MAX
        ? value.map((item, at) => read(createReader(item, `${path}[${at}]`)))
        : refuse(path, `a list of at most ${ITEMS_MAX} items`),
    texts: () =>
      Object.fromEntries(
        Object.entries(record()).map(([name, member]) => [name, child(name, member).text()]),
      ),
  };
}
