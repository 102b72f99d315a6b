import { DispatchError } from "@switchyard/model";
import { backoffMs, type Clock, type Random } from "@switchyard/runtime";
import { createInbox, type Msg } from "nats";
import type { Connection } from "./connection.ts";
import type { StoredPublisher } from "./stored-publisher.ts";

/**
 * A pull consumer over core NATS. The client library's own asks CONSUMER.INFO on every recovery, which
 * with thousands of consumers is a storm, and waits half a minute where a consumer is absent.
 *
 * @see nats.docs reference/reference-protocols/nats_api_reference.md, Getting Next Message From a Consumer
 */
export interface PullOptions {
  readonly stream: string;
  readonly durable: string;
  /** Messages asked for at once: the most that wait in this process. */
  readonly batch: number;
  readonly connection: Connection;
  /** For double acks; undefined where none are asked for. */
  readonly publisher?: StoredPublisher;
  readonly clock: Clock;
  readonly random: Random;
  onMessage(message: PulledMessage): void;
  /** Called every few seconds while the broker gives no sign of life: stream or consumer may be absent. */
  onSilent?(): void;
}

export interface PulledMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** 1 for the first delivery. */
  readonly deliveryCount: number;
  /** Messages of the consumer still waiting in the stream when this one was sent. */
  readonly pendingCount: number;
  /** Milliseconds since the epoch at which the stream stored it. */
  readonly storedAtMs: number;
  ack(): void;
  /** Resolves once the broker confirmed it. @throws DispatchError BUS_UNAVAILABLE when it did not in time */
  ackAck(): Promise<void>;
  nak(delayMs: number): void;
  /** Removes it without having done it. */
  term(): void;
}

export interface PullConsumer {
  /** Asks again at once, for when the consumer was made anew. */
  pullAnew(): void;
  stop(): void;
}

/** A pull lives this long, then is asked again. */
const PULL_EXPIRES_MS = 30_000;
/**
 * The broker shows a sign of life this often while it has nothing. It leaves a pull from an absent consumer
 * unanswered, so silence is all there is to notice; then the pull is repeated.
 */
const IDLE_HEARTBEAT_MS = 1_000;
const SILENCE_MAX_MS = 2.5 * IDLE_HEARTBEAT_MS;
/** Pause before a pull is repeated where JetStream says that the consumer is gone. */
const DELETED_BACKOFF = { firstMs: 200, maxMs: 4_000, jitter: 0.5 } as const;
const NANOS_PER_MS = 1_000_000;

const STATUS_IDLE_HEARTBEAT = 100;
const STATUS_NO_RESPONDERS = 503;
const CONSUMER_DELETED = "consumer deleted";

const ACK = Buffer.from("+ACK");
const TERM = Buffer.from("+TERM");
const nakPayload = (delayMs: number): Uint8Array =>
  Buffer.from(`-NAK ${JSON.stringify({ delay: Math.round(delayMs * NANOS_PER_MS) })}`);

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>` */
const ACK_DELIVERED_TOKEN = 4;
const ACK_TIME_TOKEN = 7;
const ACK_PENDING_TOKEN = 8;

export function startPullConsumer(options: PullOptions): PullConsumer {
  const { connection, clock, random, stream, durable, batch } = options;
  const { nats } = connection;
  const inbox = createInbox(connection.inboxPrefix);
  const next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  const ackPrefix = `$JS.ACK.${stream}.${durable}.`;
  const stopped = new AbortController();
  let asked = 0;
  let deletions = 0;
  let heardAtMs = clock.monotonicMs();

  const pull = () => {
    const missing = batch - asked;
    if (missing <= 0 || stopped.signal.aborted || !connection.isOpen()) return;
    asked += missing;
    const request = {
      batch: missing,
      expires: PULL_EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: IDLE_HEARTBEAT_MS * NANOS_PER_MS,
    };
    nats.publish(next, Buffer.from(JSON.stringify(request)), { reply: inbox });
  };
  const pullAnew = () => {
    asked = 0;
    heardAtMs = clock.monotonicMs();
    pull();
  };
  const afterDeletion = async () => {
    asked = 0;
    deletions += 1;
    options.onSilent?.();
    await clock.sleep(backoffMs(DELETED_BACKOFF, deletions, random), stopped.signal);
    pullAnew();
  };

  const onStatus = (message: Msg) => {
    const code = message.headers?.code ?? 0;
    if (code === STATUS_IDLE_HEARTBEAT) return;
    const isDeleted = message.headers?.description?.toLowerCase() === CONSUMER_DELETED;
    if (code === STATUS_NO_RESPONDERS || isDeleted) return void afterDeletion();
    const unfilled = Number(message.headers?.get("Nats-Pending-Messages") ?? 0);
    asked = Math.max(0, asked - unfilled);
    // A status without a count ends a pull too; the silence watch asks again if it was the last one.
    if (unfilled > 0) pull();
  };
  const onMessage = (message: Msg) => {
    deletions = 0;
    asked = Math.max(0, asked - 1);
    if (asked <= batch / 2) pull();
    options.onMessage(toPulled(message, options));
  };

  const subscription = nats.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) return;
      heardAtMs = clock.monotonicMs();
      if (message.reply?.startsWith(ackPrefix)) onMessage(message);
      // Statuses come on the inbox itself; whatever else was steered here is nobody's answer.
      else if (message.subject === inbox && message.data.length === 0) onStatus(message);
    },
  });
  const forget = connection.onReconnect(pullAnew);
  void (async () => {
    while (!stopped.signal.aborted) {
      await clock.sleep(IDLE_HEARTBEAT_MS, stopped.signal);
      const silentMs = clock.monotonicMs() - heardAtMs;
      if (silentMs <= SILENCE_MAX_MS || !connection.isConnected()) continue;
      options.onSilent?.();
      pullAnew();
    }
  })();
  pull();
  const stop = () => {
    stopped.abort();
    forget();
    if (connection.isOpen()) subscription.unsubscribe();
  };
  void connection.ended.then(stop);
  return { pullAnew, stop };
}

function toPulled(
  message: Msg,
  { connection, publisher }: Pick<PullOptions, "connection" | "publisher">,
): PulledMessage {
  const reply = message.reply ?? "";
  const tokens = reply.split(".");
  const respond = (payload: Uint8Array) => {
    // An answer lost with the connection only means that the message comes again.
    if (connection.isOpen()) connection.nats.publish(reply, payload);
  };
  return {
    subject: message.subject,
    data: message.data,
    deliveryCount: Number(tokens[ACK_DELIVERED_TOKEN] ?? 1),
    pendingCount: Number(tokens[ACK_PENDING_TOKEN] ?? 0),
    storedAtMs: Number(tokens[ACK_TIME_TOKEN] ?? 0) / NANOS_PER_MS,
    ack: () => respond(ACK),
    ackAck: async () => {
      const answer = await publisher?.request(reply, ACK);
      if (answer?.kind === "answer") return;
      throw new DispatchError(
        "BUS_UNAVAILABLE",
        `NATS did not confirm the ack of ${message.subject}`,
        {},
        { retry: "safe" },
      );
    },
    nak: (delayMs) => respond(nakPayload(delayMs)),
    term: () => respond(TERM),
  };
}
