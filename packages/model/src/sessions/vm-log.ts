/** A piece of a VM's serial log. Bytes are numbered from the first that the VM ever wrote. */
export interface VmLogPiece {
  readonly text: string;
  /** Number of its first byte. */
  readonly startByte: number;
  /** Where the next piece begins. */
  readonly nextByte: number;
  /** How far the log goes. */
  readonly endByte: number;
  /** What was asked for is no longer kept: the piece begins later. */
  readonly isGap: boolean;
}

/** Bounds on a VM's serial log and on what is sent of it. */
export const VM_LOG_LIMITS = {
  /** QEMU's file is cut above this: a boot with a few services writes 60 KiB. */
  bytesMax: 1024 * 1024,
  /** Kept of what is cut off. */
  keptBytes: 512 * 1024,
  /** Largest piece in one answer. */
  pieceBytesMax: 128 * 1024,
  tailBytesMax: 1536 * 1024,
} as const;

/** Undefined where the value is no piece. */
export function parseVmLogPiece(value: unknown): VmLogPiece | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { text, startByte, nextByte, endByte, isGap } = value as Partial<VmLogPiece>;
  const numbers = [startByte, nextByte, endByte];
  if (typeof text !== "string" || !numbers.every((each) => Number.isSafeInteger(each))) {
    return undefined;
  }
  return {
    ...{ text, isGap: isGap === true },
    ...{ startByte: Number(startByte), nextByte: Number(nextByte), endByte: Number(endByte) },
  };
}
