import { type Clock, systemClock } from "@switchyard/runtime";

/** A clock that runs `factor` times as fast as the system's, for what waits by the minute. */
export function createFastClock(factor: number): Clock {
  const startMs = systemClock.nowMs();
  const elapsedMs = () => systemClock.monotonicMs() * factor;
  const originMs = elapsedMs();
  return {
    nowMs: () => startMs + elapsedMs() - originMs,
    monotonicMs: elapsedMs,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
