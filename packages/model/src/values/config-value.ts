import type { ConfigValue } from "../inventory/firmware.ts";

/** @see Mellanox/mstflint mlxconfig/, text and number: `True(1)` */
const TEXT_AND_NUMBER = /^(.+?)\((-?\d+|0x[0-9a-fA-F]+)\)$/;

/** The forms in which people and tools write one value: `True`, `1`, `True(1)`. */
function formsOf(value: string): readonly string[] {
  const lower = value.trim().toLowerCase();
  const match = TEXT_AND_NUMBER.exec(lower);
  return match === null ? [lower] : [lower, match[1] ?? lower, match[2] ?? lower];
}

/** Whether the card's value is the wanted one, in whatever form that is written: `1` and `True(1)` are. */
export function isConfigValue(value: ConfigValue | undefined, wanted: string): boolean {
  if (value === undefined) return false;
  const wantedForms = formsOf(wanted);
  return formsOf(value).some((form) => wantedForms.includes(form));
}

/** The value as `set` takes it: the number where there is one, else the text. */
export const configValueToSet = (value: ConfigValue): string =>
  TEXT_AND_NUMBER.exec(value)?.[2] ?? value;

/** The number in a value; undefined where it has none. */
export function configNumber(value: ConfigValue | undefined): number | undefined {
  const text = value === undefined ? "" : configValueToSet(value);
  return /^(\d+|0x[0-9a-fA-F]+)$/.test(text) ? Number(text) : undefined;
}
