import { crc32 } from "node:zlib";
import { DISK_TRANSFER_LIMITS, isReason, type Reason } from "@switchyard/model";
import { DiskPieceReply, DiskPieceRequest } from "@switchyard/proto";

/** Which bytes of the disk that the ticket names. */
export interface DiskPieceAsked {
  /** Base64. */
  readonly ticket: string;
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a disk, a stretch of zeros, or why there are none. */
export type DiskPiece =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "hole"; readonly length: number }
  | { readonly kind: "refused"; readonly reason: Reason; readonly message: string };

const ZEROS = Buffer.alloc(DISK_TRANSFER_LIMITS.pieceBytes);

/** What was read, as it travels: zeros as a hole. */
export const pieceOf = (bytes: Uint8Array): DiskPiece =>
  ZEROS.subarray(0, bytes.length).equals(bytes)
    ? { kind: "hole", length: bytes.length }
    : { kind: "data", bytes };

export const encodePieceAsked = ({ ticket, offset, length }: DiskPieceAsked): Uint8Array =>
  DiskPieceRequest.encode({
    ticket: Buffer.from(ticket, "base64"),
    offset: BigInt(offset),
    lengthBytes: length,
  }).finish();

/** Undefined where the bytes are no request, or one for more than a piece. */
export function decodePieceAsked(bytes: Uint8Array): DiskPieceAsked | undefined {
  try {
    const { ticket, offset, lengthBytes } = DiskPieceRequest.decode(bytes);
    const asked = {
      ticket: ticket.toString("base64"),
      offset: Number(offset),
      length: lengthBytes,
    };
    const isPiece = asked.length >= 1 && asked.length <= DISK_TRANSFER_LIMITS.pieceBytes;
    return isPiece && Number.isSafeInteger(asked.offset) && asked.offset >= 0 ? asked : undefined;
  } catch {
    return undefined;
  }
}

export function encodePiece(offset: number, piece: DiskPiece): Uint8Array {
  const bytes = piece.kind === "data" ? Buffer.from(piece.bytes) : Buffer.alloc(0);
  return DiskPieceReply.encode({
    offset: BigInt(offset),
    data: bytes,
    holeBytes: piece.kind === "hole" ? piece.length : 0,
    crc32: BigInt(crc32(bytes)),
    reason: piece.kind === "refused" ? piece.reason : "",
    message: piece.kind === "refused" ? piece.message : "",
  }).finish();
}

/** Undefined where the bytes are no answer to what was asked, or were damaged on their way. */
export function decodePiece(bytes: Uint8Array, asked: DiskPieceAsked): DiskPiece | undefined {
  try {
    const reply = DiskPieceReply.decode(bytes);
    if (isReason(reply.reason)) {
      return { kind: "refused", reason: reply.reason, message: reply.message };
    }
    if (reply.offset !== BigInt(asked.offset)) return undefined;
    if (reply.holeBytes > 0) {
      return reply.holeBytes === asked.length ? { kind: "hole", length: asked.length } : undefined;
    }
    const isWhole = reply.data.length === asked.length;
    return isWhole && BigInt(crc32(reply.data)) === reply.crc32
      ? { kind: "data", bytes: reply.data }
      : undefined;
  } catch {
    return undefined;
  }
}
