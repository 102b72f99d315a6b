import { crc32c } from "../../ledger/crc32c.ts";

/*
 * A segment is a file of frames: `mark u32 | length u32 | crc32c u32 | samples u32 | batch`, little endian. The length
 * is the batch's; the CRC covers samples and batch. The mark lets a reader find the next frame behind a broken one.
 */

const MARK = 0x4d_45_4c_54; // "TLEM"
const HEADER_BYTES = 16;
/** Longest batch; a longer length read from disk is damage. */
const BATCH_BYTES_MAX = 1024 * 1024;

export interface Frame {
  readonly bytes: Uint8Array;
  readonly sampleCount: number;
}

export interface SegmentScan {
  readonly frames: readonly Frame[];
  /** Stretches of bytes that are no frame: one that was being written at a kill, or damage. */
  readonly badCount: number;
}

export function encodeFrame({ bytes, sampleCount }: Frame): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + bytes.length);
  const view = new DataView(frame.buffer);
  frame.set(bytes, HEADER_BYTES);
  view.setUint32(0, MARK, true);
  view.setUint32(4, bytes.length, true);
  view.setUint32(12, sampleCount, true);
  view.setUint32(8, crc32c(frame.subarray(12)), true);
  return frame;
}

function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const length = view.getUint32(4, true);
  const end = at + HEADER_BYTES + length;
  if (view.getUint32(0, true) !== MARK || length > BATCH_BYTES_MAX || end > bytes.length) return;
  if (crc32c(bytes.subarray(at + 12, end)) !== view.getUint32(8, true)) return undefined;
  return { bytes: bytes.slice(at + HEADER_BYTES, end), sampleCount: view.getUint32(12, true) };
}

/** Reads every whole frame; what lies between two of them is skipped and counted. */
export function scanSegment(bytes: Uint8Array): SegmentScan {
  const frames: Frame[] = [];
  let badCount = 0;
  let isBad = false;
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at);
    if (frame === undefined) {
      if (!isBad) badCount += 1;
      isBad = true;
      at += 1;
      continue;
    }
    isBad = false;
    frames.push(frame);
    at += HEADER_BYTES + frame.bytes.length;
  }
  return { frames, badCount };
}
