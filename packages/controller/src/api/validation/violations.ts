import { type FieldViolation, InvalidInputError } from "@switchyard/model";

/** Most violations gathered from one request. */
const VIOLATIONS_MAX = 100;

/**
 * Gathers everything that is wrong with a request, so that its caller can mend all of it at once. Paths
 * are those of the proto: `profile.spec.datapath.vf_count`.
 */
export interface Violations {
  /** The same gatherer, for fields below `path`. */
  at(path: string): Violations;
  add(field: string, description: string): void;
  /** Whether the condition held. */
  check(condition: boolean, field: string, description: string): boolean;
  /** The parser's result, or undefined and a violation with the parser's words. */
  parse<T>(field: string, text: string, parser: (text: string) => T): T | undefined;
  isEmpty(): boolean;
  /** @throws InvalidInputError FIELD_INVALID with all violations, when there are any */
  assertNone(): void;
}

const join = (path: string, field: string): string =>
  path === "" || field === "" ? `${path}${field}` : `${path}.${field}`;

function gatherAt(path: string, found: FieldViolation[]): Violations {
  const add = (field: string, description: string): void => {
    if (found.length < VIOLATIONS_MAX) found.push({ field: join(path, field), description });
  };
  return {
    at: (below) => gatherAt(join(path, below), found),
    add,
    check: (condition, field, description) => {
      if (!condition) add(field, description);
      return condition;
    },
    parse: (field, text, parser) => {
      if (text === "") {
        add(field, "is required");
        return undefined;
      }
      try {
        return parser(text);
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        const needs = error.metadata["needs"];
        add(field, needs === undefined ? error.message : `${error.message}; needs ${needs}`);
        return undefined;
      }
    },
    isEmpty: () => found.length === 0,
    assertNone: () => {
      const [first] = found;
      if (first === undefined) return;
      const more = found.length === 1 ? "" : `, and ${found.length - 1} more`;
      throw new InvalidInputError(
        "FIELD_INVALID",
        `${first.field} ${first.description}${more}`,
        {},
        found,
      );
    },
  };
}

export const createViolations = (): Violations => gatherAt("", []);
