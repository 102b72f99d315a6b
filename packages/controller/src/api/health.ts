import type { Server } from "@grpc/grpc-js";
import { type Clock, type Service, startLoop } from "@switchyard/runtime";
import { HealthImplementation } from "grpc-health-check";

/** How often the parts are asked. */
const CHECK_INTERVAL_MS = 1_000;

/** A part without answer for so long is down. */
const CHECK_TIMEOUT_MS = 2_000;

/** One thing the controller can't work without, such as its database. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves when the part works; rejects or stays silent when it does not. */
  readonly check: () => Promise<void>;
}

/** Whether a part worked when it was last asked. */
export interface PartState {
  readonly name: string;
  readonly isUp: boolean;
}

async function works(part: HealthCheck, clock: Clock): Promise<boolean> {
  const answered = new AbortController();
  try {
    return await Promise.race([
      part.check().then(() => true),
      clock.sleep(CHECK_TIMEOUT_MS, answered.signal).then(() => false),
    ]);
  } catch {
    return false;
  } finally {
    answered.abort();
  }
}

/**
 * The standard health service. Every service of the API, and the empty name for the whole, is SERVING
 * while all parts work; each part has a name of its own too, so that `Watch` says which one is down.
 */
export function createHealth(options: {
  readonly services: readonly string[];
  readonly parts: readonly HealthCheck[];
  readonly clock: Clock;
}): {
  addToServer(server: Server): void;
  start(): Service;
  /** As of the last look; all down before the first. */
  states(): readonly PartState[];
} {
  const health = new HealthImplementation(
    Object.fromEntries(["", ...options.services].map((name) => [name, "NOT_SERVING"])),
  );
  const last = new Map<string, boolean>();
  const set = (name: string, isUp: boolean): void => {
    if (last.get(name) === isUp) return;
    last.set(name, isUp);
    health.setStatus(name, isUp ? "SERVING" : "NOT_SERVING");
  };
  const checkAll = async (): Promise<void> => {
    const states = await Promise.all(
      options.parts.map(async (part) => ({ part, isUp: await works(part, options.clock) })),
    );
    for (const { part, isUp } of states) set(part.name, isUp);
    const isServing = states.every(({ isUp }) => isUp);
    for (const name of ["", ...options.services]) set(name, isServing);
  };
  return {
    states: () => options.parts.map(({ name }) => ({ name, isUp: last.get(name) === true })),
    addToServer: (server) => health.addToServer(server),
    start: () => {
      const loop = startLoop(
        async (signal) => {
          while (!signal.aborted) {
            await checkAll();
            await options.clock.sleep(CHECK_INTERVAL_MS, signal);
          }
        },
        () => undefined, // checkAll answers for its parts' errors and has none of its own
      );
      return {
        stop: async () => {
          await loop.stop();
          for (const name of ["", ...options.services]) set(name, false);
          for (const { name } of options.parts) set(name, false);
        },
      };
    },
  };
}
