import { DispatchError, type HostId } from "@switchyard/model";
import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { CommandAnswer, Subscription } from "./agent-bus.ts";
import { type Connection, openConnection, type TlsFiles } from "./connection/connection.ts";
import { type PulledMessage, startPullConsumer } from "./connection/pull-consumer.ts";
import { createStoredPublisher } from "./connection/stored-publisher.ts";
import { subscribe } from "./connection/subscribe.ts";
import type { ControllerBus, Delivery, HostCommandRequest, VmRequest } from "./controller-bus.ts";
import { decodeAnswer, encodeCommand } from "./envelopes/command.ts";
import { decodeEvents } from "./envelopes/event-envelope.ts";
import { decodeHeartbeat } from "./envelopes/heartbeat.ts";
import { decodeInventory } from "./envelopes/inventory-envelope.ts";
import { encodeJob } from "./envelopes/job-envelope.ts";
import { REQUEST_TTL_MS, signRequest } from "./envelopes/signed-request.ts";
import { decodeTelemetry } from "./envelopes/telemetry-batch.ts";
import { type HostKey, hostKeyFromSeed } from "./keys/host-key.ts";
import type { SigningKey } from "./keys/signing-key.ts";
import { natsWire } from "./sessions/nats-wire.ts";
import { openSessionChannel } from "./sessions/session-channel.ts";
import { readBacklog } from "./streams/read-backlog.ts";
import { INGEST_CONSUMER } from "./streams/stream-configs.ts";
import { createStreamKeeper } from "./streams/stream-keeper.ts";
import {
  ALL_HEARTBEATS,
  CONTROLLER_INBOX,
  commandSubject,
  EVENT_STREAM,
  jobSubject,
  OUTBOX_RING,
  PULL_FLOW,
  parseEventSubject,
  parseHostSubject,
  SHARD_COUNT,
  STATE_STREAM,
  sessionSubject,
  TELEMETRY_FLOW,
  telemetryStream,
} from "./subjects.ts";

export interface ControllerBusOptions {
  readonly servers: readonly string[];
  /** The controllers' NATS user, which the broker's own configuration names. */
  readonly key: Pick<HostKey, "seed">;
  readonly signingKey: SigningKey;
  readonly tls?: TlsFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const SESSION_ID_BYTES = 16;

/** Messages asked for at once by each controller. */
const EVENTS_AT_ONCE = 1_024;
const INVENTORIES_AT_ONCE = 64;
/** Of each shard; a batch holds 10 000 samples at most, some 200 KiB. */
const TELEMETRY_AT_ONCE = 16;

/** @throws DispatchError BUS_UNAVAILABLE when NATS does not answer or does not know the key */
export async function createControllerBus(options: ControllerBusOptions): Promise<ControllerBus> {
  const { servers, key, signingKey, clock, random, log } = options;
  /** As many bits as a key has: who knows a session's id may speak in it. */
  const newId = () => random.hex(SESSION_ID_BYTES);
  const connection = await openConnection({
    servers,
    name: "switchyard-controller",
    inboxPrefix: CONTROLLER_INBOX,
    key: hostKeyFromSeed(key.seed),
    tls: options.tls,
    log,
  });
  const { nats } = connection;
  const publisher = createStoredPublisher(connection, clock);
  const canTell = () => connection.isConnected() && connection.isOpen();
  const manager = await nats.jetstreamManager({ checkAPI: false });
  const keeper = createStreamKeeper(manager);
  const listeners = { refused: [] as ((subject: string) => void)[], silent: [] as (() => void)[] };
  const consumer = createIngest(connection, options, listeners);
  const onSubject = (subject: string, handler: (subject: string, data: Uint8Array) => void) =>
    subscribe(connection, subject, handler);
  return {
    ...keeper,
    publishJobs: (jobs) =>
      Promise.all(
        jobs.map((job) =>
          publisher.publish(jobSubject(job.host, job.job), encodeJob(job, signingKey)),
        ),
      ),
    consumeEvents: (handler) =>
      consumer({ streams: [EVENT_STREAM], batch: EVENTS_AT_ONCE, decode: eventsOf, handler }),
    consumeInventories: (handler) =>
      consumer({
        streams: [STATE_STREAM],
        batch: INVENTORIES_AT_ONCE,
        decode: decodeOf("state", decodeInventory),
        handler,
      }),
    consumeTelemetry: (handler) =>
      consumer({
        streams: Array.from({ length: SHARD_COUNT }, (_, shard) => telemetryStream(shard)),
        batch: TELEMETRY_AT_ONCE,
        decode: decodeOf("tel", decodeTelemetry),
        handler,
      }),
    onHeartbeat: (handler) =>
      onSubject(ALL_HEARTBEATS, (subject, data) => {
        const heartbeat = decodeOf("hb", decodeHeartbeat)(subject, data);
        if (heartbeat !== undefined) handler(heartbeat);
        else for (const refused of listeners.refused) refused(subject);
      }),
    onRefused: (handler) => void listeners.refused.push(handler),
    onSilent: (handler) => void listeners.silent.push(handler),
    onReconnect: (handler) => connection.onReconnect(handler),
    command: (request) => sendCommand(connection, request),
    request: (request) => sendRequest(connection, options, { ...request, id: newId() }),
    openSession: async (request) => {
      const id = newId();
      const { host } = request;
      const wire = natsWire(connection, {
        send: sessionSubject(host, id, "in"),
        receive: sessionSubject(host, id, "out"),
      });
      const channel = openSessionChannel(wire, { clock, speaksFirst: false });
      try {
        const answer = await sendRequest(connection, options, { ...request, id });
        const { isDone, reason = "HOST_UNREACHABLE", message } = answer;
        if (!isDone) channel.end({ reason, message });
        return { answer, channel };
      } catch (error) {
        channel.end({ reason: "HOST_UNREACHABLE", message: "the agent did not answer" });
        throw error;
      }
    },
    readBacklog: () => readBacklog(manager),
    ring: () => {
      if (canTell()) nats.publish(OUTBOX_RING);
    },
    onRing: (handler) => onSubject(OUTBOX_RING, () => handler()),
    publishPullFlow: () => {
      if (canTell()) nats.publish(PULL_FLOW);
    },
    publishTelemetryFlow: (factor) => {
      if (canTell()) nats.publish(TELEMETRY_FLOW, Buffer.from(String(factor)));
    },
    isConnected: () => connection.isConnected(),
    ended: connection.ended,
    close: () => connection.close(),
  };
}

type Decode<Content> = (subject: string, data: Uint8Array) => Content | undefined;

const eventsOf: Decode<NonNullable<ReturnType<typeof decodeEvents>>> = (subject, data) => {
  const host = parseEventSubject(subject)?.host;
  return host === undefined ? undefined : decodeEvents(data, host);
};

const decodeOf =
  <Content>(
    kind: Parameters<typeof parseHostSubject>[0],
    decode: (data: Uint8Array, host: HostId) => Content | undefined,
  ): Decode<Content> =>
  (subject, data) => {
    const host = parseHostSubject(kind, subject);
    return host === undefined ? undefined : decode(data, host);
  };

interface IngestOptions<Content> {
  readonly streams: readonly string[];
  readonly batch: number;
  readonly decode: Decode<Content>;
  readonly handler: (delivery: Delivery<Content>) => void;
}

interface IngestListeners {
  readonly refused: readonly ((subject: string) => void)[];
  readonly silent: readonly (() => void)[];
}

function createIngest(
  connection: Connection,
  options: ControllerBusOptions,
  listeners: IngestListeners,
): <Content>(ingest: IngestOptions<Content>) => Subscription {
  return <Content>(ingest: IngestOptions<Content>) => {
    const onMessage = (message: PulledMessage) => {
      const content = ingest.decode(message.subject, message.data);
      if (content !== undefined) return ingest.handler(toDelivery(message, content));
      message.term();
      for (const refused of listeners.refused) refused(message.subject);
    };
    const onSilent = () => {
      for (const silent of listeners.silent) silent();
    };
    const { clock, random } = options;
    const { batch } = ingest;
    const consumers = ingest.streams.map((stream) =>
      startPullConsumer({
        stream,
        durable: INGEST_CONSUMER,
        batch,
        connection,
        clock,
        random,
        onMessage,
        onSilent,
      }),
    );
    return {
      stop: async () => {
        for (const consumer of consumers) consumer.stop();
      },
    };
  };
}

const toDelivery = <Content>(message: PulledMessage, content: Content): Delivery<Content> => ({
  content,
  deliveryCount: message.deliveryCount,
  pendingCount: message.pendingCount,
  storedAtMs: message.storedAtMs,
  ack: message.ack,
  retry: message.nak,
  reject: message.term,
});

const sendCommand = (connection: Connection, request: HostCommandRequest) =>
  ask(connection, request, encodeCommand(request));

function sendRequest(
  connection: Connection,
  { signingKey, clock }: ControllerBusOptions,
  request: VmRequest & { readonly id: string },
): Promise<CommandAnswer> {
  const expireAtMs = clock.nowMs() + REQUEST_TTL_MS;
  const signed = signRequest({ ...request, expireAtMs }, signingKey);
  return ask(connection, request, encodeCommand({ job: undefined, epoch: undefined }, signed));
}

async function ask(
  connection: Connection,
  { host, verb, timeoutMs }: Pick<HostCommandRequest, "host" | "verb" | "timeoutMs">,
  command: Uint8Array,
): Promise<CommandAnswer> {
  const unreachable = (cause: unknown) =>
    new DispatchError(
      "HOST_UNREACHABLE",
      `the agent of host ${host} did not answer ${verb}`,
      { found: `no answer in ${timeoutMs} ms` },
      { cause, retry: "safe" },
    );
  const reply = await connection.nats
    .request(commandSubject(host, verb), command, { timeout: timeoutMs })
    .catch((cause: unknown) => {
      throw unreachable(cause);
    });
  const answer = decodeAnswer(reply.data);
  if (answer === undefined) throw unreachable(undefined);
  return answer;
}
