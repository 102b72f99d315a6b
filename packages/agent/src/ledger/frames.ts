import { crc32c } from "./crc32c.ts";

/*
 * One record on disk: `length u32 | crc32c u32 | type u8 | payload`, little endian. The length counts type
 * and payload, the CRC covers the same. A length of zero is preallocated space: the end.
 */

/** Bytes before the type. */
const HEADER_BYTES = 8;

/** Longest type and payload; a longer length read from disk is damage. A plan of a large host is near 1 MiB. */
export const RECORD_BYTES_MAX = 8 * 1024 * 1024;

/** Opens every group commit: its number tells a torn tail from damage in what was synced long ago. */
export const BATCH_TYPE = 0;

export interface Frame {
  readonly type: number;
  readonly payload: Uint8Array;
}

export type ScanEnd =
  /** Nothing after the last record but preallocated space. */
  | "clean"
  /** A record of the last group commit is incomplete: it was never acknowledged and may be cut. */
  | "torn"
  /** A record is broken that a later group commit proves to have been on disk. */
  | "corrupt";

export interface Scan {
  readonly frames: readonly Frame[];
  /** Bytes up to the end of the last good record. */
  readonly size: number;
  readonly end: ScanEnd;
  /** Number of the last group commit seen. */
  readonly batch: number;
}

export function encodeFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + 1 + payload.length);
  const view = new DataView(frame.buffer);
  frame[HEADER_BYTES] = type;
  frame.set(payload, HEADER_BYTES + 1);
  view.setUint32(0, payload.length + 1, true);
  view.setUint32(4, crc32c(frame.subarray(HEADER_BYTES)), true);
  return frame;
}

export function encodeBatch(batch: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(batch), true);
  return encodeFrame(BATCH_TYPE, payload);
}

const batchNumber = ({ payload }: Frame): number =>
  Number(new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0, true));

/** Reads records from the start to the first that is not whole, and says what that end means. */
export function scanFrames(bytes: Uint8Array): Scan {
  const frames: Frame[] = [];
  let size = 0;
  let batch = 0;
  for (;;) {
    const frame = frameAt(bytes, size);
    if (frame === undefined) break;
    if (frame.type === BATCH_TYPE) batch = batchNumber(frame);
    else frames.push(frame);
    size += HEADER_BYTES + 1 + frame.payload.length;
  }
  return { frames, size, end: endOf(bytes, size, batch), batch };
}

function frameAt(bytes: Uint8Array, offset: number): Frame | undefined {
  if (offset + HEADER_BYTES >= bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const length = view.getUint32(0, true);
  if (length === 0 || length > RECORD_BYTES_MAX) return undefined;
  if (offset + HEADER_BYTES + length > bytes.length) return undefined;
  const body = bytes.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + length);
  if (crc32c(body) !== view.getUint32(4, true)) return undefined;
  return { type: body[0]!, payload: body.subarray(1) }; // length is at least 1
}

function endOf(bytes: Uint8Array, size: number, batch: number): ScanEnd {
  const rest = bytes.subarray(size);
  if (rest.every((octet) => octet === 0)) return "clean";
  return hasLaterBatch(rest, batch) ? "corrupt" : "torn";
}

const BATCH_FRAME_BYTES = HEADER_BYTES + 9;

/** A group commit is written only after the one before it was synced. */
function hasLaterBatch(rest: Uint8Array, batch: number): boolean {
  for (let offset = 1; offset + BATCH_FRAME_BYTES <= rest.length; offset += 1) {
    if (rest[offset] !== 9 || rest[offset + HEADER_BYTES] !== BATCH_TYPE) continue;
    const frame = frameAt(rest, offset);
    if (frame?.payload.length === 8 && batchNumber(frame) > batch) return true;
  }
  return false;
}
