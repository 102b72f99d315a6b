import { UsageError } from "../usage-error.ts";

/** For options that may be given many times: `-l a=1 -l b=2`. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

/** `key=value` texts as one object; a comma separates pairs too. @throws UsageError */
export function parseLabels(texts: readonly string[] = []): Record<string, string> {
  const pairs = texts.flatMap((text) => text.split(",")).filter((text) => text !== "");
  return Object.fromEntries(pairs.map(parsePair));
}

function parsePair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`"${text}" is no label; write it as key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `FIRST-LAST` as a pool. @throws UsageError */
export function parsePool(text: string): { readonly first: string; readonly last: string } {
  const [first, last, ...rest] = text.split("-").map((part) => part.trim());
  if (!first || !last || rest.length > 0) {
    throw new UsageError(`"${text}" is no pool; write it as FIRST-LAST`);
  }
  return { first, last };
}

/** `FIRST-LAST/PREFIX` as a range in a subnet. @throws UsageError */
export function parseRange(text: string): {
  readonly first: string;
  readonly last: string;
  readonly prefixLength: number;
} {
  const [pool, prefix, ...rest] = text.split("/");
  if (pool === undefined || !/^\d{1,2}$/.test(prefix ?? "") || rest.length > 0) {
    throw new UsageError(`"${text}" is no address range; write it as FIRST-LAST/PREFIX`);
  }
  return { ...parsePool(pool), prefixLength: Number(prefix) };
}

/** A whole number. @throws UsageError */
export function parseInteger(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`"${text}" is no whole number`);
  return Number(text);
}
