import { snapshotNameOf } from "../../../input/snapshot-names.ts";
import { formatDocument } from "../../../output/print.ts";
import { defineVerb } from "../../../verb.ts";

/** Prints the document as it is, whatever the format asked for: it is read by programs. */
export const verb = defineVerb<{ readonly at: string }>({
  configure: (command) => {
    command
      .argument("<job>", "a host plan's job")
      .option("--at <point>", "start, step-3, failed, end", "end");
  },
  run: async ({ context, args: [job = ""], options }) => {
    const { jobs } = await context.client();
    const snapshot = await jobs.getJobSnapshot({ name: snapshotNameOf(job, options.at) });
    const document: unknown = JSON.parse(snapshot.documentJson);
    context.out(await formatDocument("json", document));
    context.talk("it names MACs, addresses and serials of the host");
    return undefined;
  },
});
