import { waitFor } from "@switchyard/testkit";
import type { CrashPlace, CrashPoint } from "../jobs/crash-point.ts";

/** Where an agent is held. */
export interface Gate {
  /** For the agent that shall be held. */
  readonly crash: CrashPoint;
  /** Waits until the agent has come to the place. */
  reached(): Promise<unknown>;
  /** Lets the agent go on; it is not held again. */
  open(): void;
}

/** Holds the agent at the first place that is meant, until it is let go. */
export function gateAt(isMeant: (place: CrashPlace) => boolean): Gate {
  let isReached = false;
  const open = Promise.withResolvers<void>();
  const reach = async (place: CrashPlace) => {
    if (!isMeant(place)) return;
    isReached = true;
    await open.promise;
  };
  return { crash: { reach }, reached: () => waitFor(() => isReached), open: () => open.resolve() };
}
