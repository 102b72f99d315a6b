import { SNAPSHOT_LIMITS } from "@switchyard/model";

const { kernelLogMax, firstKernelLogMax, lineCharactersMax } = SNAPSHOT_LIMITS;

export interface KernelLines {
  readonly kernelLog: readonly string[];
  readonly kernelLogDropped: number;
}

/** Which line a job's snapshots have seen last: undefined before the first of a boot. */
export interface KernelCursor {
  readonly bootId: string;
  readonly line: string | undefined;
}

/**
 * Lines that came since the cursor's, the newest of them. Where the ring buffer has forgotten it, all there
 * are; of a log nobody looked at yet, the last few.
 */
export function linesSince(
  log: readonly string[],
  cursor: KernelCursor | undefined,
  bootId: string,
): KernelLines {
  const isSameBoot = cursor?.bootId === bootId;
  const seenAt = isSameBoot && cursor.line !== undefined ? log.lastIndexOf(cursor.line) : -1;
  const fresh = log.slice(seenAt + 1);
  const max = cursor === undefined ? firstKernelLogMax : kernelLogMax;
  const kept = fresh.slice(-max).map((line) => line.slice(0, lineCharactersMax));
  // What was there before the first look is not "dropped".
  const dropped = cursor === undefined ? 0 : fresh.length - kept.length;
  return { kernelLog: kept, kernelLogDropped: dropped };
}
