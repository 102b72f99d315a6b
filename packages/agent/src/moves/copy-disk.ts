import type { DiskPiece } from "@switchyard/bus";
import { HostFileError, readFileSize } from "@switchyard/host";
import {
  DISK_TRANSFER_LIMITS,
  type DiskTransfer,
  HostError,
  SwitchyardError,
} from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";

/** One answer is waited for so long; the source reads from its page cache or a disk. */
const PIECE_TIMEOUT_MS = 5_000;
/** A source whose agent is started anew, or whose network blinks, gets this long without giving anything. */
const SILENCE_MAX_MS = 120_000;
const SILENCE_PAUSE_MS = 1_000;
/** Between two lines of progress. */
const PROGRESS_INTERVAL_MS = 5_000;

interface Span {
  readonly offset: number;
  readonly length: number;
}

interface Copy {
  readonly context: StepContext;
  readonly transfer: DiskTransfer;
  readonly path: string;
}

/**
 * Copies a disk from the host that has it into a file, going on from what is in the file: pieces are asked
 * for ahead, at most {@link DISK_TRANSFER_LIMITS} in flight, and written in order. Zeros become holes. The
 * file's content is for the caller to check.
 *
 * @throws HostError DISK_SOURCE_SILENT, DISK_NO_SPACE; what the source said: DISK_IN_USE,
 *   DISK_TICKET_EXPIRED, VM_DISK_UNEXPECTED
 */
export async function copyDisk(
  context: StepContext,
  transfer: DiskTransfer,
  path: string,
): Promise<void> {
  const copy: Copy = { context, transfer, path };
  const pace = createPace(context);
  const progress = createProgress(copy);
  let next = await resumeAt(copy);
  const inFlight: { readonly span: Span; readonly piece: Promise<DiskPiece> }[] = [];
  const ask = () => {
    while (
      next < transfer.sizeBytes &&
      inFlight.length < DISK_TRANSFER_LIMITS.piecesInFlight &&
      !context.signal.aborted
    ) {
      const length = Math.min(DISK_TRANSFER_LIMITS.pieceBytes, transfer.sizeBytes - next);
      const span = { offset: next, length };
      const piece = fetchPiece(copy, span);
      // One that fails behind another is looked at when its turn comes, or not any more.
      piece.catch(() => undefined);
      inFlight.push({ span, piece });
      next += length;
    }
  };
  for (ask(); inFlight.length > 0; ask()) {
    const first = inFlight.shift();
    if (first === undefined) break;
    context.signal.throwIfAborted();
    await write(copy, first.span, await first.piece);
    await pace(first.span.length);
    progress(first.span.offset + first.span.length);
  }
  context.signal.throwIfAborted();
}

/** Where an earlier try stopped, at the beginning of a piece. */
async function resumeAt({ context, transfer, path }: Copy): Promise<number> {
  const { observer } = context;
  if (!(await observer.exists(path))) return 0;
  const there = Math.min(await readFileSize(observer, path), transfer.sizeBytes);
  // The last piece may have been cut short.
  const whole = Math.floor(there / DISK_TRANSFER_LIMITS.pieceBytes);
  const offset = Math.max(0, whole - 1) * DISK_TRANSFER_LIMITS.pieceBytes;
  if (offset > 0) context.say(`going on at ${offset} of ${transfer.sizeBytes} bytes`);
  return offset;
}

/** Asks until the source gives or refuses the piece, or has been silent for too long. */
async function fetchPiece({ context, transfer }: Copy, span: Span): Promise<DiskPiece> {
  const { clock, signal, fetchDiskPiece } = context;
  const { source, ticket } = transfer;
  const endMs = clock.monotonicMs() + SILENCE_MAX_MS;
  for (;;) {
    try {
      const piece = await fetchDiskPiece({ ...span, source, ticket, timeoutMs: PIECE_TIMEOUT_MS });
      if (piece.kind !== "refused") return piece;
      throw new HostError(piece.reason, `${source} does not give the disk: ${piece.message}`, {
        found: piece.message,
      });
    } catch (error) {
      const isSilent =
        error instanceof SwitchyardError &&
        (error.reason === "HOST_UNREACHABLE" || error.reason === "BUS_UNAVAILABLE");
      if (!isSilent) throw error;
      signal.throwIfAborted();
      if (clock.monotonicMs() >= endMs) throw silent(transfer, span, error);
      await clock.sleep(SILENCE_PAUSE_MS, signal);
    }
  }
}

const silent = ({ source }: DiskTransfer, { offset }: Span, cause: unknown): HostError =>
  new HostError(
    "DISK_SOURCE_SILENT",
    `${source} gave nothing of the disk for ${SILENCE_MAX_MS / 1000} s`,
    { found: `silence at byte ${offset}`, needs: `the agent of ${source}` },
    { cause },
  );

/** A hole at the end has one byte written, so that the file is as long as it shall be. */
async function write({ context, transfer, path }: Copy, span: Span, piece: DiskPiece) {
  if (piece.kind === "refused") return;
  const isLast = span.offset + span.length >= transfer.sizeBytes;
  try {
    if (piece.kind === "data") await context.host.writeRange(path, span.offset, piece.bytes);
    else if (isLast) {
      await context.host.writeRange(path, transfer.sizeBytes - 1, Uint8Array.of(0));
    }
  } catch (error) {
    if (!(error instanceof HostFileError) || !isFull(error)) throw error;
    throw new HostError(
      "DISK_NO_SPACE",
      "the VM's disk does not fit on the host",
      {
        found: `${error.errno} at byte ${span.offset}`,
        needs: `${transfer.sizeBytes} bytes`,
        path,
      },
      { cause: error },
    );
  }
}

const isFull = ({ errno }: HostFileError): boolean => errno === "ENOSPC" || errno === "EDQUOT";

/** Holds the copy to its rate: whoever was faster waits. */
function createPace({ clock, signal }: StepContext): (bytes: number) => Promise<void> {
  const startedMs = clock.monotonicMs();
  let total = 0;
  return async (bytes) => {
    total += bytes;
    const dueMs = startedMs + (total / DISK_TRANSFER_LIMITS.bytesPerSecondMax) * 1000;
    const aheadMs = dueMs - clock.monotonicMs();
    // Timers are no finer.
    if (aheadMs >= 1) await clock.sleep(aheadMs, signal);
  };
}

function createProgress({ context, transfer }: Copy): (done: number) => void {
  const { clock, say } = context;
  let toldMs = clock.monotonicMs();
  return (done) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs < PROGRESS_INTERVAL_MS && done < transfer.sizeBytes) return;
    toldMs = nowMs;
    const percent = Math.floor((done / transfer.sizeBytes) * 100);
    say(`copied ${done} of ${transfer.sizeBytes} bytes, ${percent} %`);
  };
}
