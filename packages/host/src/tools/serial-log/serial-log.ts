import { copyEnd, emptyFile, printPiece, type VmLogPiece, type VmPaths } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { statSize } from "../artefact/commands.ts";
import { readOptional, runChecked } from "../tool.ts";

/**
 * A VM's serial log is three files: what QEMU appends to, the end of what was before that was emptied, and the
 * number of bytes that were ever before it. A byte's number is thus the same for as long as it is kept.
 */
export type SerialLogPaths = Pick<VmPaths, "serialLog" | "serialOldLog" | "serialBase">;

/** Above `maxBytes` QEMU's file is emptied, and its last `keepBytes` are kept beside it. */
export interface SerialLogBounds {
  readonly maxBytes: number;
  readonly keepBytes: number;
}

interface Extent {
  /** Number of the first byte in QEMU's file. */
  readonly base: number;
  readonly size: number;
  readonly oldSize: number;
}

/** 0 for a file that is not there. */
async function sizeOf(host: Host, path: string): Promise<number> {
  const { exitCode, stdout } = await host.run({ argv: statSize(path) });
  return exitCode === 0 ? Number(stdout.trim()) : 0;
}

async function readExtent(host: Host, paths: SerialLogPaths): Promise<Extent> {
  const base = Number((await readOptional(host, paths.serialBase)) ?? 0);
  const [size, oldSize] = await Promise.all([
    sizeOf(host, paths.serialLog),
    sizeOf(host, paths.serialOldLog),
  ]);
  return { base: Number.isSafeInteger(base) ? base : 0, size, oldSize };
}

/**
 * Keeps a log within bounds while QEMU writes it. May run twice. What the guest writes between the copy and the
 * emptying is lost; a crash between them repeats a part.
 *
 * @returns whether it was cut
 * @throws CommandError COMMAND_FAILED, for a full disk too
 */
export async function boundSerialLog(
  host: Host,
  paths: SerialLogPaths,
  { maxBytes, keepBytes }: SerialLogBounds,
): Promise<boolean> {
  const { base, size } = await readExtent(host, paths);
  if (size <= maxBytes) return false;
  const skip = size - keepBytes;
  await runChecked(host, { argv: copyEnd(paths.serialLog, skip, paths.serialOldLog) });
  const kept = await sizeOf(host, paths.serialOldLog);
  await host.replaceFile(paths.serialBase, `${base + skip + kept}\n`);
  await runChecked(host, { argv: emptyFile(paths.serialLog) });
  return true;
}

/** What is wanted of a log: from a byte on, or the end of what is there. */
export interface SerialLogRequest {
  readonly fromByte: number | undefined;
  /** Where `fromByte` is undefined. */
  readonly tailBytes: number;
  /** Bound on the piece. */
  readonly maxBytes: number;
}

/**
 * One piece of a log. Bytes that are no UTF-8 are shown as U+FFFD. A piece that begins in the kept end of the
 * log before goes to its end at most.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function readSerialLog(
  host: Host,
  paths: SerialLogPaths,
  request: SerialLogRequest,
): Promise<VmLogPiece> {
  const { base, size, oldSize } = await readExtent(host, paths);
  const end = base + size;
  const first = base - oldSize;
  const wanted = request.fromByte ?? end - request.tailBytes;
  // From a number beyond the end the log was begun anew, with its VM.
  const start = wanted > end ? first : Math.max(first, wanted);
  const isOld = start < base;
  const next = Math.min(isOld ? base : end, start + request.maxBytes);
  const argv = isOld
    ? printPiece(paths.serialOldLog, start - first, next - start)
    : printPiece(paths.serialLog, start - base, next - start);
  const text = next === start ? "" : (await runChecked(host, { argv })).stdout;
  const isGap = request.fromByte !== undefined && request.fromByte !== start;
  return { text, startByte: start, nextByte: next, endByte: end, isGap };
}
