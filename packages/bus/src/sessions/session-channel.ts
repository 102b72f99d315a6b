import { DispatchError, type SessionEnd } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Subscription } from "../agent-bus.ts";
import { decodeFrame, encodeFrame, type Frame } from "../envelopes/session-frame.ts";

/*
 * A live session: bytes both ways between one controller and one agent. Nothing of it is stored or sent again;
 * what the bus loses ends the session, and both ends know.
 *
 *   open ── a frame says end, or an end closes ──────────────────────────────> ended
 *     ├──── a number is missing, more than the window came ──> SESSION_LOST ──> ended
 *     ├──── nothing was heard for SILENCE_MS, own connection broke, likewise ──> ended
 *     └──── the other end took nothing for STALL_MS ──> CONSOLE_STALLED ──────> ended
 */

/** Bytes sent and not yet taken by the other end: what each holds of a session at most. */
export const SESSION_WINDOW_BYTES = 256 * 1024;
/** Largest piece in one message. */
export const SESSION_PIECE_BYTES = 32 * 1024;
/** What was taken is told again after so many bytes. */
const TELL_AFTER_BYTES = SESSION_WINDOW_BYTES / 4;
/** Each end says so often that it is there. */
export const SESSION_BEAT_MS = 5_000;
/** Three beats that did not come. */
export const SESSION_SILENCE_MS = 15_000;
/** A reader that takes nothing for so long is given up: the guest waits for it. */
export const SESSION_STALL_MS = 60_000;

/** One end of a live session. */
export interface SessionChannel {
  /**
   * Sends bytes; resolves when they are on their way, which waits for the other end to take earlier ones.
   *
   * @throws DispatchError with the reason of the end, once the session is over
   */
  send(bytes: Uint8Array): Promise<void>;
  /** The next bytes; undefined once the session is over and all were taken. */
  receive(): Promise<Uint8Array | undefined>;
  /** Ends the session and tells the other end why. May run twice; the first counts. */
  end(end: SessionEnd): void;
  /** Resolves with why it is over. */
  readonly ended: Promise<SessionEnd>;
  /** Wall time of the last bytes of either direction, on the monotonic clock. */
  lastBytesMs(): number;
}

/** How frames go out and come in. */
export interface SessionWire {
  publish(frame: Uint8Array): void;
  subscribe(handler: (frame: Uint8Array) => void): Subscription;
  isConnected(): boolean;
  /** Calls back when the connection breaks; returns what ends that. */
  onDisconnect(listener: () => void): () => void;
}

export interface SessionOptions {
  readonly clock: Clock;
  /** The end that opens last speaks first; the other waits for it, because what it says earlier is not heard. */
  readonly speaksFirst: boolean;
}

const LOST: SessionEnd = {
  reason: "SESSION_LOST",
  message: "the way between controller and agent was interrupted",
};

/** The end of a session as an error. */
export const sessionError = ({ reason, message, metadata }: SessionEnd): DispatchError =>
  new DispatchError(reason ?? "SESSION_LOST", message, { ...metadata });

export function openSessionChannel(
  wire: SessionWire,
  { clock, speaksFirst }: SessionOptions,
): SessionChannel {
  const over = Promise.withResolvers<SessionEnd>();
  const stopping = new AbortController();
  const queue: Uint8Array[] = [];
  const sent = { seq: 0, bytes: 0, takenByPeer: 0 };
  const got = { seq: 0, bytes: 0, taken: 0, told: 0 };
  let end: SessionEnd | undefined;
  let heardMs = clock.monotonicMs();
  let bytesMs = heardMs;
  let change = Promise.withResolvers<void>();
  const changed = () => {
    change.resolve();
    change = Promise.withResolvers<void>();
  };

  const publish = (data: Uint8Array | undefined, last?: SessionEnd) => {
    if (!wire.isConnected()) return;
    sent.seq += 1;
    got.told = got.taken;
    wire.publish(encodeFrame({ seq: sent.seq, data, takenBytes: got.taken, end: last }));
  };
  const finish = (why: SessionEnd, isTold: boolean) => {
    if (end !== undefined) return;
    if (isTold) publish(undefined, why);
    end = why;
    stopping.abort();
    offDisconnect();
    void subscription.stop();
    over.resolve(why);
    changed();
  };

  const take = (frame: Frame) => {
    heardMs = clock.monotonicMs();
    got.seq += 1;
    const { data, takenBytes } = frame;
    const held = got.bytes - got.taken + (data?.length ?? 0);
    const isInOrder = frame.seq === got.seq && takenBytes <= sent.bytes;
    if (!isInOrder || held > SESSION_WINDOW_BYTES) return finish(LOST, true);
    sent.takenByPeer = Math.max(sent.takenByPeer, takenBytes);
    if (data !== undefined) {
      got.bytes += data.length;
      bytesMs = heardMs;
      queue.push(data);
    }
    if (frame.end !== undefined) return finish(frame.end, false);
    changed();
  };
  const subscription = wire.subscribe((bytes) => {
    const frame = decodeFrame(bytes);
    // What is no frame was sent by nobody who knows the session.
    if (frame !== undefined && end === undefined) take(frame);
  });
  const offDisconnect = wire.onDisconnect(() => finish(LOST, false));

  const beat = async () => {
    while (end === undefined) {
      await clock.sleep(SESSION_BEAT_MS, stopping.signal);
      if (end !== undefined) return;
      if (clock.monotonicMs() - heardMs > SESSION_SILENCE_MS) return finish(LOST, true);
      if (speaksFirst || got.seq > 0) publish(undefined);
    }
  };
  if (speaksFirst) publish(undefined);
  void beat();

  const isOpenWindow = () => sent.bytes - sent.takenByPeer < SESSION_WINDOW_BYTES;
  const awaitWindow = async () => {
    const deadlineMs = clock.monotonicMs() + SESSION_STALL_MS;
    while (end === undefined && !isOpenWindow()) {
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) {
        const message = `the other end read nothing for ${SESSION_STALL_MS / 1000} s`;
        return finish({ reason: "CONSOLE_STALLED", message }, true);
      }
      const woken = new AbortController();
      await Promise.race([change.promise, clock.sleep(leftMs, woken.signal)]);
      woken.abort();
    }
  };

  return {
    send: async (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        await awaitWindow();
        if (end !== undefined) throw sessionError(end);
        const room = SESSION_WINDOW_BYTES - (sent.bytes - sent.takenByPeer);
        const piece = bytes.subarray(at, at + Math.min(SESSION_PIECE_BYTES, room));
        at += piece.length;
        sent.bytes += piece.length;
        bytesMs = clock.monotonicMs();
        publish(piece);
      }
    },
    receive: async () => {
      while (queue.length === 0 && end === undefined) await change.promise;
      const bytes = queue.shift();
      got.taken += bytes?.length ?? 0;
      if (end === undefined && got.taken - got.told >= TELL_AFTER_BYTES) publish(undefined);
      return bytes;
    },
    end: (why) => finish(why, true),
    ended: over.promise,
    lastBytesMs: () => bytesMs,
  };
}
