import { type Job, type JobEvent, JobState } from "@switchyard/proto";
import { ApiError } from "./api-error.ts";
import type { SwitchyardClient } from "./client.ts";
import { reconnectDelayMs, systemTiming, type Timing } from "./timing.ts";

const ENDS: ReadonlySet<JobState> = new Set([
  JobState.SUCCEEDED,
  JobState.FAILED,
  JobState.NEEDS_OPERATOR,
  JobState.CANCELLED,
  JobState.EXPIRED,
]);

export const isJobEnded = (job: Job): boolean => ENDS.has(job.state);

export interface JobEventOptions {
  /** Bound on the whole wait, lost connections included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly timing?: Timing;
}

/**
 * The job's events from its first to its last, each once and in order, across lost connections and
 * restarted controllers. Ends early when the signal aborts.
 *
 * @throws ApiError DEADLINE_EXCEEDED when the job did not end in time
 */
export async function* jobEvents(
  client: SwitchyardClient,
  name: string,
  { timeoutMs, signal, timing = systemTiming }: JobEventOptions,
): AsyncGenerator<JobEvent> {
  const deadlineMs = timing.nowMs() + timeoutMs;
  let last = { epoch: -1n, seq: 0n };
  for (let attempt = 1; signal?.aborted !== true; attempt += 1) {
    const left = Math.max(1, deadlineMs - timing.nowMs());
    const options = { timeoutMs: left, ...(signal !== undefined && { signal }) };
    try {
      for await (const event of client.jobs.watchJobEvents({ job: name }, options)) {
        attempt = 0;
        if (!isAfter(event, last)) continue;
        last = event;
        yield event;
        if (event.body?.$case === "ended") return;
      }
      // A controller that shuts down ends its streams in order; and a job may end without its host's word.
      if (isJobEnded(await client.jobs.getJob({ name }, options))) return;
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isTransient) throw error;
      if (timing.nowMs() >= deadlineMs) throw error;
    }
    await timing.sleep(reconnectDelayMs(Math.max(1, attempt), timing), signal);
  }
}

type Position = Pick<JobEvent, "epoch" | "seq">;

const isAfter = (event: Position, last: Position): boolean =>
  event.epoch > last.epoch || (event.epoch === last.epoch && event.seq > last.seq);

/**
 * Follows the job's events to its end.
 *
 * @param options.timeoutMs bound on the whole wait
 * @param options.onEvent   told of every event, also of those before the call
 * @returns the job in one of its end states, or as it is when the signal aborts
 * @throws ApiError DEADLINE_EXCEEDED when it did not end in time
 */
export async function waitForJob(
  client: SwitchyardClient,
  name: string,
  options: JobEventOptions & { readonly onEvent?: (event: JobEvent) => void },
): Promise<Job> {
  for await (const event of jobEvents(client, name, options)) options.onEvent?.(event);
  return client.jobs.getJob({ name });
}
