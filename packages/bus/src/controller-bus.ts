import type { HostId, JobId } from "@switchyard/model";
import type { BusEnd, CommandAnswer, CommandVerb, SignedVerb, Subscription } from "./agent-bus.ts";
import type { PublishOutcome } from "./connection/stored-publisher.ts";
import type { CommandTarget } from "./envelopes/command.ts";
import type { DecodedEvents } from "./envelopes/event-envelope.ts";
import type { HostHeartbeat } from "./envelopes/heartbeat.ts";
import type { DecodedInventory } from "./envelopes/inventory-envelope.ts";
import type { OutgoingJob } from "./envelopes/job-envelope.ts";
import type { HostTelemetry } from "./envelopes/telemetry-batch.ts";
import type { SessionChannel } from "./sessions/session-channel.ts";
import type { BacklogOfKind } from "./streams/read-backlog.ts";
import type { StreamKeeper } from "./streams/stream-keeper.ts";

/** Something a host sent that stays in its stream until it is settled. */
export interface Delivery<Content> {
  readonly content: Content;
  /** 1 for the first delivery. */
  readonly deliveryCount: number;
  /** Messages behind this one in the stream. */
  readonly pendingCount: number;
  /** Wall clock of the broker, milliseconds since the epoch. */
  readonly storedAtMs: number;
  /** It was committed: remove it. */
  ack(): void;
  /** Deliver it again after `delayMs`. */
  retry(delayMs: number): void;
  /** It is not to be taken, now or later: remove it. */
  reject(): void;
}

/**
 * A controller's side of the bus. Consumers are shared: with several controllers each message goes to one
 * of them.
 */
export interface ControllerBus extends StreamKeeper {
  /** Signs, then publishes in order; one outcome per job. */
  publishJobs(jobs: readonly OutgoingJob[]): Promise<readonly PublishOutcome[]>;
  consumeEvents(handler: (delivery: Delivery<DecodedEvents>) => void): Subscription;
  consumeInventories(handler: (delivery: Delivery<DecodedInventory>) => void): Subscription;
  consumeTelemetry(handler: (delivery: Delivery<HostTelemetry>) => void): Subscription;
  onHeartbeat(handler: (heartbeat: HostHeartbeat) => void): Subscription;
  /** Something came that is no message of its subject's host, was removed, and is to be counted. */
  onRefused(handler: (subject: string) => void): void;
  /** A shared consumer gives no sign of life; where its stream is gone `ensureStreams` brings it back. */
  onSilent(handler: () => void): void;
  onReconnect(handler: () => void): () => void;
  /** @throws DispatchError HOST_UNREACHABLE when the agent does not answer within `timeoutMs` */
  command(request: HostCommandRequest): Promise<CommandAnswer>;
  /**
   * Asks a host about a VM, with a signature.
   *
   * @throws DispatchError HOST_UNREACHABLE when the agent does not answer within `timeoutMs`
   */
  request(request: VmRequest): Promise<CommandAnswer>;
  /**
   * As `request`, with this end of the session that it opens. A refusal ends the session.
   *
   * @throws DispatchError HOST_UNREACHABLE
   */
  openSession(request: VmRequest): Promise<OpenedSession>;
  /** What waits at the broker; some forty requests to it, so call it every few seconds at most. */
  readBacklog(): Promise<readonly BacklogOfKind[]>;
  /** Tells the other controllers that the outbox has something. */
  ring(): void;
  onRing(handler: () => void): Subscription;
  /** Tells all agents to ask for jobs again, because their consumers were made anew. */
  publishPullFlow(): void;
  /** Tells all agents how far to stretch their sampling, 1 to 16. */
  publishTelemetryFlow(factor: number): void;
  isConnected(): boolean;
  readonly ended: Promise<BusEnd>;
  close(): Promise<void>;
}

export interface HostCommandRequest extends CommandTarget {
  readonly host: HostId;
  readonly verb: CommandVerb;
  readonly job: JobId | undefined;
  readonly epoch: number | undefined;
  readonly timeoutMs: number;
}

/** Something a controller asks about a VM; the params are the model's, by verb. */
export interface VmRequest {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly verb: SignedVerb;
  readonly params: unknown;
  readonly timeoutMs: number;
}

export interface OpenedSession {
  readonly answer: CommandAnswer;
  readonly channel: SessionChannel;
}
