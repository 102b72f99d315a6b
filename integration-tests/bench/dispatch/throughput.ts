/** What one way of running no-op jobs achieved. */
export interface DispatchResult {
  readonly jobsPerSecond: number;
  /** From handing a single job in to its result being committed, nothing else running. */
  readonly idleLatenciesMs: readonly number[];
}

export interface DispatchLoad {
  /** Jobs for the throughput figure. */
  readonly jobs: number;
  /** Jobs for the latency figure, one after the other. */
  readonly idleJobs: number;
}

/** Bound on waiting for any one part of the benchmark. */
export const PART_TIMEOUT_MS = 120_000;

/** Runs `one` for each index with at most `inFlight` at a time. */
export async function inParallel(
  count: number,
  inFlight: number,
  one: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await one(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane));
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
