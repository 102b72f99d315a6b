import { UsageError } from "../usage-error.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const GRAMMAR = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** `90s`, `5m`, `1.5h` in milliseconds. @throws UsageError */
export function parseDuration(text: string): number {
  const [, number, unit] = GRAMMAR.exec(text) ?? [];
  const ms = Number(number) * UNIT_MS[(unit ?? "s") as keyof typeof UNIT_MS];
  if (number === undefined || ms <= 0) {
    throw new UsageError(`"${text}" is no duration; write it as 90s, 5m or 2h`);
  }
  return Math.round(ms);
}

/** As the API has durations. */
export const toDuration = (ms: number) => ({
  seconds: BigInt(Math.floor(ms / 1000)),
  nanos: (ms % 1000) * 1_000_000,
});
