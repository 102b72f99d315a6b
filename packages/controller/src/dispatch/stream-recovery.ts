import type { ControllerBus } from "@switchyard/bus";
import type { Clock, Logger, Service } from "@switchyard/runtime";
import type { DispatchStore, Reads } from "@switchyard/store";
import { createWaker } from "./waker.ts";

/**
 * Makes streams and consumers and, where they had been lost, has everything unaccepted sent again. NATS may
 * lose its storage, or come back with an old snapshot of it; jobs are in Postgres.
 */
export interface StreamRecovery extends Service {
  /** Resolves once streams and all hosts' consumers were ensured for the first time. */
  readonly ready: Promise<void>;
  /** A publish found no stream. */
  streamsGone(): void;
  /** They may be gone: NATS came back, or a consumer gives no sign of life. */
  check(): void;
}

export interface RecoveryParts {
  readonly bus: Pick<
    ControllerBus,
    "ensureStreams" | "ensureHosts" | "publishPullFlow" | "isConnected" | "onReconnect" | "onSilent"
  >;
  readonly hosts: Pick<Reads["hosts"], "listCredentials">;
  readonly outbox: Pick<DispatchStore, "resendUnaccepted">;
  /** Called when rows of the outbox were made due. */
  readonly onResend: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Shortest time between two recoveries: a broker that keeps losing its streams is not helped by haste. */
const PAUSE_MS = 500;
/** Without a reason to look, consumers are ensured so often; heals what no signal told of. */
const IDLE_MS = 300_000;

export function createStreamRecovery(parts: RecoveryParts): StreamRecovery {
  const { bus, hosts, outbox, clock, log } = parts;
  const waker = createWaker(clock);
  const stopped = new AbortController();
  const first = Promise.withResolvers<void>();
  let wereGone = false;

  const recover = async () => {
    const wasTold = wereGone;
    wereGone = false;
    try {
      const made = await bus.ensureStreams();
      const credentials = await hosts.listCredentials();
      await bus.ensureHosts(credentials.map((credential) => credential.id));
      first.resolve();
      if (made === 0 && !wasTold) return;
      bus.publishPullFlow();
      const count = await outbox.resendUnaccepted();
      log.warn({ made, resent: count }, "streams were made anew; unaccepted jobs are sent again");
      parts.onResend();
    } catch (error) {
      // Streams may have been made before it failed, and the next try finds them there.
      wereGone = true;
      log.warn({ error }, "streams can't be ensured; trying again");
      waker.wake();
    }
  };

  const run = async () => {
    while (!stopped.signal.aborted) {
      if (bus.isConnected()) await recover();
      await clock.sleep(PAUSE_MS, stopped.signal);
      await waker.wait(IDLE_MS, stopped.signal);
    }
  };

  const forget = bus.onReconnect(waker.wake);
  bus.onSilent(waker.wake);
  const done = run();
  return {
    ready: first.promise,
    streamsGone: () => {
      wereGone = true;
      waker.wake();
    },
    check: waker.wake,
    stop: async () => {
      forget();
      stopped.abort();
      await done;
    },
  };
}
