import type { HostId, JobEvent, JobId } from "@switchyard/model";
import { and, asc, eq, sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { jobEvents, jobs } from "../schema/tables/jobs.ts";
import type { JobReads } from "./job-queries.ts";

/** An event within its row, which says the job and the epoch. */
export type StoredEvent = Pick<JobEvent, "seq" | "atMs" | "body">;

/** Key of an event within its job: `epoch.seq`. */
const eventKey = (event: JobEvent): string => `${event.epoch}.${event.seq}`;

interface EventPosition {
  readonly epoch: number;
  readonly seq: number;
}

function parseKey(key: string | undefined): EventPosition {
  const [epoch, seq] = (key ?? "").split(".").map(Number);
  return { epoch: epoch ?? 0, seq: seq ?? 0 };
}

const isAfter = (event: JobEvent, position: EventPosition): boolean =>
  event.epoch > position.epoch || (event.epoch === position.epoch && event.seq > position.seq);

/** Events of a job in order; each row holds at least one, so `size + 1` rows are enough for a page. */
export async function listEvents(
  db: Database,
  page: Parameters<JobReads["listEvents"]>[0],
): ReturnType<JobReads["listEvents"]> {
  const position = parseKey(page.after);
  const rows = await db
    .select({ epoch: jobEvents.epoch, events: jobEvents.events, host: jobs.host })
    .from(jobEvents)
    .innerJoin(jobs, eq(jobs.id, jobEvents.job))
    .where(
      and(
        eq(jobEvents.job, page.job),
        sql`(${jobEvents.epoch}, ${jobEvents.lastSeq}) > (${position.epoch}::bigint, ${position.seq}::bigint)`,
      ),
    )
    .orderBy(asc(jobEvents.epoch), asc(jobEvents.firstSeq))
    .limit(page.size + 1);
  const events = rows.flatMap((row) =>
    row.events.map(
      (event): JobEvent => ({
        ...event,
        host: row.host as HostId,
        job: page.job as JobId,
        epoch: row.epoch,
      }),
    ),
  );
  return pageOf(
    events.filter((event) => isAfter(event, position)),
    { size: page.size, keyOf: eventKey },
  );
}
