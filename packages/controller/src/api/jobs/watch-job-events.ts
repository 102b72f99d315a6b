import { isJobEnd, type JobEvent, type JobId } from "@switchyard/model";
import type { ApiParts } from "../parts.ts";

/** How often a running job is asked for new events. */
const POLL_INTERVAL_MS = 200;

const PAGE_SIZE = 500;

interface EventPosition {
  readonly epoch: number;
  readonly seq: number;
}

const isAfter = (event: JobEvent, last: EventPosition): boolean =>
  event.epoch > last.epoch || (event.epoch === last.epoch && event.seq > last.seq);

/**
 * All events of a job so far, then new ones as they come in; ends after the job's last.
 *
 * @throws StoreError JOB_NOT_FOUND
 */
export async function* watchJobEvents(
  parts: Pick<ApiParts, "store" | "clock">,
  options: { readonly job: JobId; readonly signal: AbortSignal },
): AsyncGenerator<JobEvent> {
  const { jobs } = parts.store.reads;
  const { job, signal } = options;
  let after: string | undefined;
  let last: EventPosition = { epoch: 0, seq: 0 };
  while (!signal.aborted) {
    // Read before the events: what a job that has ended leaves is then complete.
    const { state } = await jobs.get(job);
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const page = await jobs.listEvents({ size: PAGE_SIZE, after, job });
      for (const event of page.items.filter((each) => isAfter(each, last))) {
        yield event;
        last = event;
      }
      hasMore = page.next !== undefined;
      // The last page has no key: it is read again from its beginning, less what was given already.
      after = page.next ?? after;
    }
    if (isJobEnd(state)) return;
    await parts.clock.sleep(POLL_INTERVAL_MS, signal);
  }
}
