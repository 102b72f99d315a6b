import { type Job, type JobEvent, JobState } from "@switchyard/proto";
import type { SwitchyardClient } from "./client.ts";

const ENDS: ReadonlySet<JobState> = new Set([
  JobState.SUCCEEDED,
  JobState.FAILED,
  JobState.NEEDS_OPERATOR,
  JobState.CANCELLED,
  JobState.EXPIRED,
]);

export const isJobEnded = (job: Job): boolean => ENDS.has(job.state);

/**
 * Follows the job's events to its end.
 *
 * @param options.timeoutMs bound on the whole wait
 * @param options.onEvent   told of every event, also of those before the call
 * @returns the job in one of its end states
 * @throws ApiError DEADLINE_EXCEEDED when it did not end in time
 */
export async function waitForJob(
  client: SwitchyardClient,
  name: string,
  options: { readonly timeoutMs: number; readonly onEvent?: (event: JobEvent) => void },
): Promise<Job> {
  const events = client.jobs.watchJobEvents({ job: name }, { timeoutMs: options.timeoutMs });
  for await (const event of events) options.onEvent?.(event);
  return client.jobs.getJob({ name });
}
