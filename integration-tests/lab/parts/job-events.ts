import { jobEvents } from "@switchyard/client";
import type { Report } from "@switchyard/dev/main-job";
import { type Job, type JobEvent, JobState } from "@switchyard/proto";
import type { LabContext } from "../context.ts";

/** Long enough for events that a busy emulation sends late. */
const EVENTS_MS = 300_000;

/** Of a job that has ended: that it was accepted once and ended once, and which steps a boot made it repeat. */
export async function verifyEventsOf(
  { stack, report }: Pick<LabContext, "stack" | "report">,
  job: Job,
): Promise<void> {
  const events: JobEvent[] = [];
  for await (const event of jobEvents(stack.client, job.name, { timeoutMs: EVENTS_MS })) {
    events.push(event);
  }
  verifyEvents(events, report);
}

function verifyEvents(events: readonly JobEvent[], report: Report): void {
  const count = (kind: NonNullable<JobEvent["body"]>["$case"]) =>
    events.filter(({ body }) => body?.$case === kind).length;
  const ends = events.flatMap(({ body }) => (body?.$case === "ended" ? [body.value.state] : []));
  report.verify(
    count("accepted") === 1 && ends.join() === String(JobState.SUCCEEDED),
    `accepted ${count("accepted")} time, ended ${ends.length} time, in state ${ends.join(", ")}`,
  );
  const numbers = events.map(({ seq }) => seq);
  report.verify(
    numbers.every((seq, at) => seq === BigInt(at + 1)),
    `${events.length} events without a gap`,
  );
  const finished = events.flatMap(({ body }) =>
    body?.$case === "stepFinished" ? [body.value] : [],
  );
  const again = finished.filter(
    ({ step, changed }, at) =>
      changed && finished.slice(0, at).some((earlier) => earlier.step === step && earlier.changed),
  );
  report.say(
    `looked at and brought about again in the new boot: ${again.map(({ step }) => step).join(", ")}`,
  );
}
