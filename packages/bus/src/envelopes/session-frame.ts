import { EXEC_LIMITS, isReason, type SessionEnd } from "@switchyard/model";
import { SessionFrame } from "@switchyard/proto";
import { deflateJson, inflateJson } from "./deflated-json.ts";

/** One message of a live session. */
export interface Frame {
  readonly seq: number;
  readonly data: Uint8Array | undefined;
  readonly takenBytes: number;
  readonly end: SessionEnd | undefined;
}

/** JSON escapes a byte of output to six characters at worst. */
const RESULT_BOUNDS = {
  wireBytesMax: 900_000,
  jsonBytesMax: EXEC_LIMITS.outputBytesMax * 2 * 6 + 4096,
} as const;

const NOTHING = Buffer.alloc(0);

export const encodeFrame = ({ seq, data, takenBytes, end }: Frame): Uint8Array =>
  SessionFrame.encode({
    seq: BigInt(seq),
    data: Buffer.from(data ?? NOTHING),
    takenBytes: BigInt(takenBytes),
    end: end && {
      reason: end.reason ?? "",
      message: end.message,
      metadata: { ...end.metadata },
      resultJsonDeflated:
        end.result === undefined ? NOTHING : (deflateJson(end.result, RESULT_BOUNDS) ?? NOTHING),
    },
  }).finish();

/** Undefined where the bytes are no frame. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  try {
    const { seq, data, takenBytes, end } = SessionFrame.decode(bytes);
    if (seq < 1n || takenBytes < 0n) return undefined;
    return {
      seq: Number(seq),
      data: data.length === 0 ? undefined : data,
      takenBytes: Number(takenBytes),
      end: end && decodeEnd(end),
    };
  } catch {
    return undefined;
  }
}

function decodeEnd(end: NonNullable<SessionFrame["end"]>): SessionEnd {
  const { reason, message, metadata } = end;
  const result = inflateJson(end.resultJsonDeflated, RESULT_BOUNDS);
  return {
    // A reason of a newer release is an interruption to this one, with the words of that.
    reason: reason === "" ? undefined : isReason(reason) ? reason : "SESSION_LOST",
    message,
    metadata,
    ...(result !== undefined && { result }),
  };
}
