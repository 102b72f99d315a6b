import { SwitchyardError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/** Bounds how long calls may take, with one timer for all of them: nearly every call ends long before. */
export interface Deadlines {
  /** What comes of the work. @throws SwitchyardError CALL_TIMED_OUT, at most a second late */
  within<T>(work: Promise<T>): Promise<T>;
}

/** How often overdue calls are looked for while there are any calls. */
const LOOK_MS = 1_000;

interface Waiting {
  readonly endMs: number;
  readonly expire: () => void;
}

export function createDeadlines(clock: Clock, limitMs: number): Deadlines {
  /** All wait equally long, so the oldest come first. */
  const waiting = new Set<Waiting>();
  let isLooking = false;

  const look = async () => {
    isLooking = true;
    while (waiting.size > 0) {
      await clock.sleep(LOOK_MS);
      const nowMs = clock.monotonicMs();
      for (const entry of waiting) {
        if (entry.endMs > nowMs) break;
        waiting.delete(entry);
        entry.expire();
      }
    }
    isLooking = false;
  };

  return {
    within: (work) =>
      new Promise((resolve, reject) => {
        const expire = () =>
          reject(new SwitchyardError("CALL_TIMED_OUT", `no answer within ${limitMs} ms`));
        const entry = { endMs: clock.monotonicMs() + limitMs, expire };
        waiting.add(entry);
        work.then(resolve, reject).finally(() => waiting.delete(entry));
        if (!isLooking) void look();
      }),
  };
}
