import type { Clock } from "@switchyard/runtime";

/** A pause that can be ended early; a wake during work is not lost but shortens the next pause to nothing. */
export interface Waker {
  wake(): void;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWaker(clock: Clock): Waker {
  let isWoken = false;
  let interrupt: AbortController | undefined;
  return {
    wake: () => {
      isWoken = true;
      interrupt?.abort();
    },
    wait: async (ms, signal) => {
      if (!isWoken && !signal.aborted) {
        interrupt = new AbortController();
        const { signal: interrupted } = interrupt;
        const onStop = () => interrupt?.abort();
        signal.addEventListener("abort", onStop, { once: true });
        await clock.sleep(ms, interrupted);
        signal.removeEventListener("abort", onStop);
        interrupt = undefined;
      }
      isWoken = false;
    },
  };
}
