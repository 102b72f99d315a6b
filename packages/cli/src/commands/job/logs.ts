import { JobEvent, jobEvents, type SwitchyardClient } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import { resourceName } from "../../input/names.ts";
import { defineVerb } from "../../verb.ts";
import { formatEvent } from "../../views/job-event.ts";
import { collectItems } from "../listing.ts";

/** Bound on following when --timeout gives none. */
const FOLLOW_TIMEOUT_MS = 24 * 3_600_000;

export const verb = defineVerb<{ readonly follow?: boolean }>({
  configure: (command) => {
    command.argument("<job>").option("-f, --follow", "go on until the job ends");
  },
  run: async ({ context, args: [job = ""], options }) => {
    const name = resourceName("jobs", job);
    const client = await context.client();
    const events = options.follow ? follow(context, client, name) : await past(client, name);
    for await (const event of events) print(context, event);
    return context.io.signal.aborted ? EXIT_CODES.interrupted.code : undefined;
  },
});

const past = (client: SwitchyardClient, job: string): Promise<readonly JobEvent[]> =>
  collectItems(
    (page) => client.jobs.listJobEvents({ ...page, job }),
    (page) => page.events,
    {},
  );

const follow = (context: Context, client: SwitchyardClient, name: string) =>
  jobEvents(client, name, {
    timeoutMs: context.settings.timeoutMs ?? FOLLOW_TIMEOUT_MS,
    signal: context.io.signal,
  });

/** Everything the host said; one JSON document a line for programs. */
function print(context: Context, event: JobEvent): void {
  if (context.settings.output !== "table") {
    context.out(`${JSON.stringify(JobEvent.toJSON(event))}\n`);
    return;
  }
  const text = formatEvent(event, { style: context.style, isVerbose: true });
  if (text !== undefined) context.out(`${text}\n`);
}
