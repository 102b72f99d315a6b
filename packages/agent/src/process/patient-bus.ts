import type { AgentBus, BusEnd, Subscription } from "@switchyard/bus";
import { DispatchError, type HostId, SwitchyardError } from "@switchyard/model";
import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  type Logger,
  type Random,
} from "@switchyard/runtime";

const CONNECT_RETRY: BackoffPolicy = { firstMs: 500, maxMs: 15_000, jitter: 0.5 };
/** Past this many tries the pause grows no more. */
const BACKOFF_ATTEMPTS_MAX = 16;

export interface PatientBusOptions {
  readonly host: HostId;
  readonly hostEpoch: number;
  /** Connects once. @throws DispatchError BUS_UNAVAILABLE, after which it is tried again */
  readonly open: () => Promise<AgentBus>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A bus that is there before its first connection is. */
export interface PatientBus extends AgentBus {
  /** Resolves with the first connection, or when the bus is closed before it. */
  readonly connected: Promise<void>;
}

/**
 * Lets an agent live from its first moment, also while no way leads to the broker: what its ledger holds goes
 * on, and above all a step that cut the way is taken back. Until the first connection it behaves as a bus
 * that is down; subscriptions begin with it.
 */
export function createPatientBus(options: PatientBusOptions): PatientBus {
  const { host, hostEpoch, clock, random, log } = options;
  const closing = new AbortController();
  const ended = Promise.withResolvers<BusEnd>();
  let bus: AgentBus | undefined;

  const connect = async (): Promise<AgentBus | undefined> => {
    for (let attempt = 1; !closing.signal.aborted; attempt += 1) {
      try {
        return await options.open();
      } catch (error) {
        if (!(error instanceof SwitchyardError) || error.reason !== "BUS_UNAVAILABLE") throw error;
        log.warn({ err: error, attempt }, "the bus does not answer yet");
        const pauseMs = backoffMs(CONNECT_RETRY, Math.min(attempt, BACKOFF_ATTEMPTS_MAX), random);
        await clock.sleep(pauseMs, closing.signal);
      }
    }
    return undefined;
  };

  const opening = connect().then(async (opened) => {
    if (closing.signal.aborted) await opened?.close();
    else bus = opened;
    void opened?.ended.then(ended.resolve);
    return bus;
  });
  opening.catch((error: Error) => ended.resolve({ kind: "refused", error }));
  const known = opening.catch(() => undefined);

  const now = (): AgentBus => {
    if (bus !== undefined) return bus;
    throw new DispatchError(
      "BUS_UNAVAILABLE",
      "the agent has not reached NATS yet",
      {},
      { retry: "safe" },
    );
  };
  const once = (subscribe: (to: AgentBus) => Subscription): Subscription => {
    let isStopped = false;
    let inner: Subscription | undefined;
    void known.then((opened) => {
      if (opened !== undefined && !isStopped) inner = subscribe(opened);
    });
    return {
      stop: async () => {
        isStopped = true;
        await inner?.stop();
      },
    };
  };

  return {
    ...{ host, hostEpoch },
    connected: known.then(() => undefined),
    consumeJobs: (handler) => once((to) => to.consumeJobs(handler)),
    onCommand: (handler) => once((to) => to.onCommand(handler)),
    openSession: (id) => now().openSession(id),
    onTelemetryFlow: (handler) => once((to) => to.onTelemetryFlow(handler)),
    onDiskRequest: (handler) => once((to) => to.onDiskRequest(handler)),
    fetchDiskPiece: async (request) => now().fetchDiskPiece(request),
    publishEvents: async (events) => now().publishEvents(events),
    publishInventory: async (report) => now().publishInventory(report),
    publishTelemetry: async (batch) => now().publishTelemetry(batch),
    publishHeartbeat: (report) => bus?.publishHeartbeat(report),
    roundTrip: async (timeoutMs) => (await bus?.roundTrip(timeoutMs)) ?? false,
    isConnected: () => bus?.isConnected() ?? false,
    ended: ended.promise,
    close: async () => {
      closing.abort();
      await known;
      await bus?.close();
      ended.resolve({ kind: "closed" });
    },
  };
}
