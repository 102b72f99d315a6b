import { once } from "node:events";
import type { ServerWritableStream } from "@grpc/grpc-js";

/**
 * Writes everything the iterable yields, waiting whenever the reader is slower: grpc-js buffers without
 * limit otherwise. The only place that calls `write` on a stream. Ends early, and closes the iterable,
 * when the signal aborts.
 *
 * @see grpc/grpc-node issues 123 and 1332
 */
export async function sendAll<Req, Res>(
  call: ServerWritableStream<Req, Res>,
  messages: AsyncIterable<Res>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (call.write(message)) continue;
    try {
      await once(call, "drain", { signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}
