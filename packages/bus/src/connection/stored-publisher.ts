import { DispatchError } from "@switchyard/model";
import { type Clock, nextTurn } from "@switchyard/runtime";
import { createInbox, type Msg } from "nats";
import type { Connection } from "./connection.ts";

/**
 * What became of a message given to a stream.
 *
 * - stored: the stream has it
 * - held: the stream has one on this subject already (discard new per subject)
 * - absent: no stream takes the subject; it is to be made anew
 * - full: the stream is at its bound
 * - unknown: no answer in time; it may be stored
 */
export type PublishOutcome = "stored" | "held" | "absent" | "full" | "unknown";

export type Answer =
  | { readonly kind: "answer"; readonly data: Uint8Array }
  | { readonly kind: "no-responders" }
  /** No answer in time, or the connection is down. */
  | { readonly kind: "silence" };

/**
 * Publishes to whatever stream takes the subject. Has an inbox and timers of its own: the client library's
 * requests make two errors with stacks and a timer each, also when all is well, which is most of their cost.
 * What is requested in one turn of the event loop is one write to the socket.
 */
export interface StoredPublisher {
  /** Never rejects. */
  publish(subject: string, payload: Uint8Array): Promise<PublishOutcome>;
  /** @throws DispatchError BUS_UNAVAILABLE unless the stream has the message */
  confirm(subject: string, payload: Uint8Array): Promise<void>;
  /** Never rejects. */
  request(subject: string, payload: Uint8Array): Promise<Answer>;
}

/** Longer than the slowest answer seen under load (0.4 s at 5 000 consumers), short enough to send again. */
const ANSWER_TIMEOUT_MS = 5_000;
/** How often overdue requests are looked for. */
const OVERDUE_LOOK_MS = 1_000;

/** @see nats-server server/errors.json, JSStreamStoreFailedF, whose description says which bound was met */
const STORE_FAILED = 10077;
const HELD_DESCRIPTION = "maximum messages per subject exceeded";
const STATUS_NO_RESPONDERS = 503;

interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply: string;
}

interface Waiting {
  readonly deadlineMs: number;
  readonly resolve: (answer: Answer) => void;
}

export function createStoredPublisher(connection: Connection, clock: Clock): StoredPublisher {
  const { nats } = connection;
  const inbox = createInbox(connection.inboxPrefix);
  const waiting = new Map<string, Waiting>();
  let outgoing: Outgoing[] = [];
  let lastToken = 0;
  let isLooking = false;

  const settle = (token: string, answer: Answer) => {
    const entry = waiting.get(token);
    if (entry === undefined) return;
    waiting.delete(token);
    entry.resolve(answer);
  };

  /** Runs only while something waits. Requests wait equally long, so the oldest come first. */
  const lookForOverdue = async () => {
    isLooking = true;
    while (waiting.size > 0) {
      await clock.sleep(OVERDUE_LOOK_MS);
      const nowMs = clock.monotonicMs();
      for (const [token, { deadlineMs }] of waiting) {
        if (deadlineMs > nowMs) break;
        settle(token, { kind: "silence" });
      }
    }
    isLooking = false;
  };

  nats.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error === null) settle(message.subject.slice(inbox.length + 1), answerOf(message));
    },
  });
  /** Answers to what an older connection sent do not come any more. */
  const giveUp = () => {
    for (const token of [...waiting.keys()]) settle(token, { kind: "silence" });
  };
  connection.onReconnect(giveUp);
  void connection.ended.then(giveUp);

  /** What meanwhile lost its connection was given up with it. */
  const sendOutgoing = async () => {
    await nextTurn();
    const taken = outgoing;
    outgoing = [];
    for (const { subject, payload, reply } of taken) {
      if (waiting.has(reply) && connection.isOpen()) {
        nats.publish(subject, payload, { reply: `${inbox}.${reply}` });
      }
    }
  };

  const request = (subject: string, payload: Uint8Array): Promise<Answer> => {
    if (!connection.isConnected() || !connection.isOpen()) {
      return Promise.resolve({ kind: "silence" });
    }
    lastToken += 1;
    const token = lastToken.toString(36);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(token, { deadlineMs: clock.monotonicMs() + ANSWER_TIMEOUT_MS, resolve });
    outgoing.push({ subject, payload, reply: token });
    if (outgoing.length === 1) void sendOutgoing();
    if (!isLooking) void lookForOverdue();
    return promise;
  };
  const publish = async (subject: string, payload: Uint8Array) =>
    outcomeOf(await request(subject, payload));
  return {
    request,
    publish,
    confirm: async (subject, payload) => {
      const outcome = await publish(subject, payload);
      if (outcome === "stored") return;
      throw new DispatchError(
        "BUS_UNAVAILABLE",
        `NATS did not store a message on ${subject}`,
        { found: outcome },
        { retry: "safe" },
      );
    },
  };
}

const answerOf = (message: Msg): Answer =>
  message.data.length === 0 && message.headers?.code === STATUS_NO_RESPONDERS
    ? { kind: "no-responders" }
    : { kind: "answer", data: message.data };

interface PubAck {
  readonly stream?: string;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function outcomeOf(answer: Answer): PublishOutcome {
  if (answer.kind === "no-responders") return "absent";
  if (answer.kind === "silence") return "unknown";
  const ack = parsePubAck(answer.data);
  if (ack?.error === undefined) return ack?.stream === undefined ? "unknown" : "stored";
  if (ack.error.err_code !== STORE_FAILED) return "unknown";
  // The server has one code for all bounds; only its words tell them apart.
  return ack.error.description === HELD_DESCRIPTION ? "held" : "full";
}

function parsePubAck(data: Uint8Array): PubAck | undefined {
  try {
    return JSON.parse(Buffer.from(data).toString()) as PubAck;
  } catch {
    return undefined;
  }
}
