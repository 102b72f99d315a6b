import { UsageError } from "../usage-error.ts";

const UNITS = { "": 1n, K: 1024n, M: 1024n ** 2n, G: 1024n ** 3n, T: 1024n ** 4n } as const;
const GRAMMAR = /^(\d+)\s*([KMGT]?)(?:i?B)?$/i;

/** `4GiB`, `4G`, `512M` or plain bytes; units are powers of 1024. @throws UsageError */
export function parseBytes(text: string): bigint {
  const [, number, unit] = GRAMMAR.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageError(`"${text}" is no size; write it as 4GiB or 512MiB`);
  }
  return BigInt(number) * UNITS[(unit ?? "").toUpperCase() as keyof typeof UNITS];
}
