import type { CandidateHost, Resident } from "../candidate.ts";
import { leastToRemove } from "../would-do.ts";

export const MIB = 1024 * 1024;
/** Whole mebibytes; nothing below none. */
export const mib = (bytes: number): string => `${Math.floor(Math.max(0, bytes) / MIB)} MiB`;
/** `1 slot`, `2 slots`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `, or deleting a and b`, where few VMs stand in the way. */
export function orDeleting(
  host: CandidateHost,
  short: number,
  take: (vm: Resident) => number,
): string {
  const names = leastToRemove(host.residents, short, take);
  return names === undefined ? "" : `, or deleting ${names.join(" and ")}`;
}
