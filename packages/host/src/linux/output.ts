import type { Readable } from "node:stream";

/** Gathers a stream up to a bound, and keeps reading beyond it so that the program is not held up. */
export interface OutputBuffer {
  text(): string;
  isTruncated(): boolean;
}

export function gatherOutput(stream: Readable | null, maxBytes: number): OutputBuffer {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let isTruncated = false;
  stream?.on("data", (chunk: Buffer) => {
    const kept = chunk.subarray(0, maxBytes - keptBytes);
    if (kept.length < chunk.length) isTruncated = true;
    if (kept.length === 0) return;
    keptBytes += kept.length;
    chunks.push(kept);
  });
  // A stream that breaks shows as the output being short; the exit status says how the program ended.
  stream?.on("error", () => undefined);
  return { text: () => Buffer.concat(chunks).toString(), isTruncated: () => isTruncated };
}
