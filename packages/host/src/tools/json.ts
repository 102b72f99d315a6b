import { CommandError } from "@switchyard/model";

/*
 * Reading of tools' JSON: unknown at the edge, parsed once. Absent and wrongly typed are the same here,
 * because tools add, drop and retype keys between releases.
 */

/** @throws CommandError COMMAND_OUTPUT_UNREADABLE */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CommandError(
      "COMMAND_OUTPUT_UNREADABLE",
      "output is no JSON",
      { output: text.slice(0, OUTPUT_SHOWN_MAX) },
      { cause },
    );
  }
}

/** Characters of an unreadable output that go into the error. */
const OUTPUT_SHOWN_MAX = 500;

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

export const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;

/** Member `key` of an answer such as `{"dev":{…}}`, as entries. */
export const entriesOf = (value: unknown, key: string): readonly (readonly [string, unknown])[] =>
  Object.entries(recordOf(recordOf(value)[key]));
