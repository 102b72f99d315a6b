import { ChangeType, JobChange, JobState, watch } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

interface Options extends ListOptions {
  readonly host?: string;
  readonly state?: readonly string[];
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .option("--host <host>", "only jobs of this host")
      .option("--state <state>", "only jobs in this state; may be repeated", collect);
    addListOptions(command, { watch: true });
  },
  run: async ({ context, options }) => {
    const { jobs } = await context.client();
    const host = options.host === undefined ? "" : resourceName("hosts", options.host);
    const states = (options.state ?? []).map(parseState);
    if (options.watch) {
      const request = { host, resumeToken: options.resume ?? "" };
      return printChanges(context, jobView, {
        items: watch(jobs.watchJobs, request, { signal: context.io.signal }),
        show: (change) =>
          change.job === undefined || (states.length > 0 && !states.includes(change.job.state))
            ? undefined
            : {
                type: enumWord(ChangeType, change.type),
                item: change.job,
                json: JobChange.toJSON(change),
              },
      });
    }
    const items = await collectItems(
      (page) => jobs.listJobs({ ...page, host, states }),
      (page) => page.jobs,
      options,
    );
    await printList(context, jobView, items);
    return undefined;
  },
});

/** `needs-operator` and the like. @throws UsageError */
function parseState(text: string): JobState {
  const known = Object.values(JobState).filter((state) => state > 0);
  const state = known.find((each) => enumWord(JobState, each) === text.toLowerCase());
  if (state !== undefined) return state;
  const words = known.map((each) => enumWord(JobState, each));
  throw new UsageError(`"${text}" is no job state; it is one of ${words.join(", ")}`);
}
