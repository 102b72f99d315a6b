import type { HostId, JobEvent } from "@switchyard/model";
import { type Clock, type Logger, newUuid, type Random, Semaphore } from "@switchyard/runtime";
import type { Msg } from "nats";
import {
  type AgentBus,
  type CommandAnswer,
  type ReceivedCommand,
  SIGNED_VERBS,
  type Subscription,
} from "./agent-bus.ts";
import { type Coalescer, createCoalescer } from "./coalescer.ts";
import { type Connection, openConnection, type TlsFiles } from "./connection/connection.ts";
import { type PulledMessage, startPullConsumer } from "./connection/pull-consumer.ts";
import { createStoredPublisher, type StoredPublisher } from "./connection/stored-publisher.ts";
import { subscribe } from "./connection/subscribe.ts";
import { answerDiskRequests, fetchDiskPiece } from "./disk-pieces.ts";
import { decodeCommand, encodeAnswer } from "./envelopes/command.ts";
import { EVENT_ENVELOPE_BYTES_AIM, encodeEvent, sealEvents } from "./envelopes/event-envelope.ts";
import { encodeHeartbeat } from "./envelopes/heartbeat.ts";
import { encodeInventory } from "./envelopes/inventory-envelope.ts";
import { type DecodedJob, decodeJob } from "./envelopes/job-envelope.ts";
import { createRequestGate } from "./envelopes/signed-request.ts";
import type { HostKey } from "./keys/host-key.ts";
import { createControllerVerifier, type VerifyingKey } from "./keys/signing-key.ts";
import { natsWire } from "./sessions/nats-wire.ts";
import { openSessionChannel } from "./sessions/session-channel.ts";
import {
  CONTROLLER_INBOX,
  commandSubjects,
  eventSubject,
  heartbeatSubject,
  hostInbox,
  jobStream,
  PULL_FLOW,
  parseCommandVerb,
  sessionSubject,
  shardOf,
  stateSubject,
  TELEMETRY_FLOW,
  telemetrySubject,
} from "./subjects.ts";

export interface AgentBusOptions {
  readonly servers: readonly string[];
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly key: HostKey;
  /** Whose signature on a job is taken; from the answer to Enroll. */
  readonly controllers: readonly VerifyingKey[];
  readonly tls?: TlsFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Jobs asked for and handled at once. */
const JOBS_AT_ONCE = 16;
/** A job whose handler failed comes again after this pause. */
const HANDLER_FAILED_DELAY_MS = 1_000;
const TELEMETRY_FACTOR_MAX = 16;
/** Agents told to pull anew do so within this time, each at its own instant, and no more often than that. */
const PULL_FLOW_SPREAD_MS = 1_000;

/**
 * Opens a host's connection to the bus.
 *
 * @throws DispatchError BUS_UNAVAILABLE when NATS does not answer or does not know the key
 */
export async function createAgentBus(options: AgentBusOptions): Promise<AgentBus> {
  const { servers, host, hostEpoch, key, clock, random, log } = options;
  const connection = await openConnection({
    servers,
    name: `switchyard-agent ${host}`,
    inboxPrefix: hostInbox(host),
    key,
    tls: options.tls,
    log,
  });
  const session = { id: newUuid(clock, random), startedAtMs: clock.nowMs() };
  const sender = { host, hostEpoch, session: session.id };
  const signer = { host, hostEpoch, key };
  const publisher = createStoredPublisher(connection, clock);
  const events = eventQueue(publisher, signer);
  return {
    host,
    hostEpoch,
    consumeJobs: (handler) => consumeJobs({ connection, publisher }, options, handler),
    publishEvents: (batch) =>
      events.add(batch.map((event) => ({ job: event.job, bytes: encodeEvent(event) }))),
    publishInventory: (report) =>
      publisher.confirm(stateSubject(host), encodeInventory({ ...report, session }, signer)),
    publishHeartbeat: (report) => {
      // While down it would wait in the client's buffer and be a lie when it leaves.
      if (!connection.isConnected() || !connection.isOpen()) return;
      connection.nats.publish(heartbeatSubject(host), encodeHeartbeat(report, sender));
    },
    publishTelemetry: (batch) => publisher.confirm(telemetrySubject(host), batch),
    onCommand: (handler) => answerCommands(connection, options, handler),
    fetchDiskPiece: (request) => fetchDiskPiece(connection, request),
    onDiskRequest: (handler) => answerDiskRequests(connection, options, handler),
    openSession: (id) =>
      openSessionChannel(
        natsWire(connection, {
          send: sessionSubject(host, id, "out"),
          receive: sessionSubject(host, id, "in"),
        }),
        { clock, speaksFirst: true },
      ),
    onTelemetryFlow: (handler) => watchTelemetryFlow(connection, handler),
    isConnected: () => connection.isConnected(),
    roundTrip: (timeoutMs) => roundTrip(connection, clock, timeoutMs),
    ended: connection.ended,
    close: async () => {
      if (connection.isConnected()) await events.idle();
      await connection.close();
    },
  };
}

/** PING and its PONG, which only the server at the other end gives. @see NATS client protocol, PING/PONG */
async function roundTrip(
  connection: Connection,
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  if (!connection.isConnected() || !connection.isOpen()) return false;
  const answered = new AbortController();
  try {
    return await Promise.race([
      connection.nats.flush().then(
        () => true,
        () => false,
      ),
      clock.sleep(timeoutMs, answered.signal).then(() => false),
    ]);
  } finally {
    answered.abort();
  }
}

interface EncodedEvent {
  readonly job: JobEvent["job"];
  readonly bytes: Buffer;
}

/** One envelope at a time keeps a host's events in order and lets the rest gather into the next. */
function eventQueue(
  publisher: StoredPublisher,
  signer: { readonly host: HostId; readonly hostEpoch: number; readonly key: HostKey },
): Coalescer<EncodedEvent> {
  return createCoalescer<EncodedEvent>({
    weightMax: EVENT_ENVELOPE_BYTES_AIM,
    weigh: (event) => event.bytes.length,
    inFlightMax: 1,
    flush: async (events) => {
      const first = events[0];
      if (first === undefined) return;
      const envelope = sealEvents(
        events.map((event) => event.bytes),
        signer,
      );
      await publisher.confirm(eventSubject(signer.host, first.job), envelope);
    },
  });
}

function consumeJobs(
  {
    connection,
    publisher,
  }: { readonly connection: Connection; readonly publisher: StoredPublisher },
  options: AgentBusOptions,
  handler: Parameters<AgentBus["consumeJobs"]>[0],
): Subscription {
  const { host, hostEpoch, clock, random, log } = options;
  const verify = createControllerVerifier(options.controllers);
  const gate = new Semaphore(JOBS_AT_ONCE);
  const running = new Set<Promise<void>>();

  const handle = async (message: PulledMessage, decoded: DecodedJob) => {
    if (decoded.kind === "refused") {
      // Removed, because it would otherwise hold its subject against the true envelope.
      message.term();
      log.warn({ why: decoded.why, subject: message.subject }, "job envelope refused");
      return;
    }
    const { job, expireAtMs } = decoded;
    try {
      await handler({
        job,
        hostEpoch,
        expireAtMs,
        accept: () => message.ackAck(),
        defer: (delayMs) => message.nak(delayMs),
      });
    } catch (error) {
      log.error({ error, job: job.id }, "job was not taken");
      message.nak(HANDLER_FAILED_DELAY_MS);
    }
  };

  let before: Promise<unknown> = Promise.resolve();
  const onMessage = (message: PulledMessage) => {
    const decoding = decodeJob(message.data, { host, hostEpoch, nowMs: clock.nowMs(), verify });
    // Checked side by side, handed over in the order they came.
    const turn = before.then(() => decoding);
    before = turn;
    const work = turn
      .then((decoded) => gate.run(() => handle(message, decoded)))
      .finally(() => running.delete(work));
    running.add(work);
  };

  const consumer = startPullConsumer({
    stream: jobStream(shardOf(host)),
    durable: host,
    batch: JOBS_AT_ONCE,
    connection,
    publisher,
    clock,
    random,
    onMessage,
  });
  const flow = pullAnewWhenTold(connection, options, consumer.pullAnew);
  return {
    stop: async () => {
      await flow.stop();
      consumer.stop();
      await Promise.all(running);
    },
  };
}

function pullAnewWhenTold(
  connection: Connection,
  { clock, random }: AgentBusOptions,
  pullAnew: () => void,
): Subscription {
  let isPlanned = false;
  return subscribe(connection, PULL_FLOW, () => {
    if (isPlanned) return;
    isPlanned = true;
    void clock.sleep(PULL_FLOW_SPREAD_MS * random.float()).then(() => {
      isPlanned = false;
      pullAnew();
    });
  });
}

function answerCommands(
  connection: Connection,
  options: AgentBusOptions,
  handler: (command: ReceivedCommand) => Promise<CommandAnswer>,
): Subscription {
  const { host, hostEpoch, clock, log } = options;
  const running = new Set<Promise<void>>();
  const gate = createRequestGate({
    ...{ host, hostEpoch, nowMs: clock.nowMs },
    verify: createControllerVerifier(options.controllers),
  });

  const answer = async (message: Msg) => {
    const verb = parseCommandVerb(message.subject);
    const decoded = decodeCommand(message.data);
    const isFromController = message.reply?.startsWith(`${CONTROLLER_INBOX}.`) ?? false;
    const isSigned = SIGNED_VERBS.some((each) => each === verb);
    const request =
      verb !== undefined && isSigned ? await gate.admit(verb, decoded?.request) : undefined;
    const isRefused = !isFromController || (isSigned && request === undefined);
    if (isRefused || verb === undefined || decoded === undefined) {
      log.warn({ subject: message.subject, reply: message.reply }, "command refused");
      return;
    }
    const { job, epoch } = decoded;
    const command = { verb, job, epoch, ...(request !== undefined && { request }) };
    const reply = await handler(command).catch((error: unknown): CommandAnswer => {
      log.error({ error, verb }, "command failed");
      return {
        isDone: false,
        reason: "INVARIANT_BROKEN",
        message: "the agent failed; see its log",
      };
    });
    if (connection.isOpen()) message.respond(encodeAnswer(reply));
  };

  const subscription = connection.nats.subscribe(commandSubjects(host), {
    callback: (error, message) => {
      if (error !== null) return;
      const work = answer(message).finally(() => running.delete(work));
      running.add(work);
    },
  });
  return {
    stop: async () => {
      if (connection.isOpen()) subscription.unsubscribe();
      await Promise.all(running);
    },
  };
}

const watchTelemetryFlow = (
  connection: Connection,
  handler: (factor: number) => void,
): Subscription =>
  subscribe(connection, TELEMETRY_FLOW, (_subject, data) => {
    const factor = parseFactor(data);
    if (factor !== undefined) handler(factor);
  });

/** The message is the factor in decimal digits. */
function parseFactor(bytes: Uint8Array): number | undefined {
  const factor = Number(Buffer.from(bytes).toString());
  return Number.isInteger(factor) && factor >= 1 && factor <= TELEMETRY_FACTOR_MAX
    ? factor
    : undefined;
}
