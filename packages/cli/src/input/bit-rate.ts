import { UsageError } from "../usage-error.ts";

const UNITS = { "": 1, K: 1e3, M: 1e6, G: 1e9 } as const;
const GRAMMAR = /^(\d{1,12}(?:\.\d{1,3})?)([KMG]?)$/i;

/** `10G`, `2.5G`, `500M` or plain bits; units are powers of 1000, as of links. @throws UsageError */
export function parseBits(text: string): number {
  const [, number, unit] = GRAMMAR.exec(text) ?? [];
  const bits = Number(number) * UNITS[(unit ?? "").toUpperCase() as keyof typeof UNITS];
  if (number === undefined || !Number.isInteger(bits)) {
    throw new UsageError(`"${text}" is no number of bits; write it as 10G or 500M`);
  }
  return bits;
}

/** `RATE` or `RATE/BURST` as the JSON of a limit. @throws UsageError */
export function parseRateLimit(text: string): Readonly<Record<string, string>> {
  const [rate = "", burst, ...rest] = text.split("/");
  if (rest.length > 0)
    throw new UsageError(`"${text}" is no limit; write it as RATE or RATE/BURST`);
  return {
    bitsPerSecond: String(parseBits(rate)),
    ...(burst !== undefined && { burstBits: String(parseBits(burst)) }),
  };
}

/** Bits in the largest decimal unit that leaves at least one: `10 Gbit`, `2.5 Mbit`. */
export function formatBits(bits: bigint | number): string {
  const value = Number(bits);
  const unit = (["G", "M", "K"] as const).find((each) => value >= UNITS[each]) ?? "";
  return `${Number((value / UNITS[unit]).toFixed(3))} ${unit === "K" ? "k" : unit}bit`;
}
