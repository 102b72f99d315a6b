import { once } from "node:events";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/**
 * A reader that takes nothing for so long is cut off. grpc-js's own keepalive can hang on a peer that was
 * stopped.
 *
 * @see grpc/grpc-node issue 2953
 */
const DRAIN_TIMEOUT_MS = 30_000;

export interface SendOptions {
  /** Ends the sending, and the iterable with it. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Resolves when the reader has taken what was written, or the signal aborts. */
async function untilDrained(
  call: ServerWritableStream<never, never>,
  { signal, clock }: SendOptions,
): Promise<void> {
  const settled = new AbortController();
  const any = AbortSignal.any([signal, settled.signal]);
  const drained = once(call, "drain", { signal: any }).then(
    () => true,
    () => true,
  );
  const expired = clock.sleep(DRAIN_TIMEOUT_MS, any).then(() => any.aborted);
  const isInTime = await Promise.race([drained, expired]);
  settled.abort();
  if (isInTime) return;
  throw new SwitchyardError("CALL_TIMED_OUT", `the reader took nothing for ${DRAIN_TIMEOUT_MS} ms`);
}

/**
 * Writes everything the iterable yields, waiting whenever the reader is slower: grpc-js buffers without
 * limit otherwise. The only place that calls `write` on a stream.
 *
 * @throws SwitchyardError CALL_TIMED_OUT
 * @see grpc/grpc-node issues 123 and 1332
 */
export async function sendAll<Req, Res>(
  call: ServerWritableStream<Req, Res>,
  messages: AsyncIterable<Res>,
  options: SendOptions,
): Promise<void> {
  for await (const message of messages) {
    if (options.signal.aborted) return;
    if (call.write(message)) continue;
    await untilDrained(call as unknown as ServerWritableStream<never, never>, options);
  }
}
