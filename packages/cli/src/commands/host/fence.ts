import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { defineVerb } from "../../verb.ts";
import { hostView } from "../../views/host.ts";

interface Options extends MutationOptions {
  readonly by?: string;
  readonly confirmedByOperator?: string;
}

/** A host that is fenced wrongly may run VMs that then run twice: it is asked first, whoever says so. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<host>")
      .option("--by <host>", "host whose agent asks the BMC; default: any that can")
      .option("--confirmed-by-operator <reason>", "you have seen that it is off; say how");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { moves, hosts } = await context.client();
    const name = resourceName("hosts", host);
    const word = options.confirmedByOperator;
    const byHost = options.by === undefined ? "" : resourceName("hosts", options.by);
    const by =
      word === undefined
        ? ({ $case: "power", value: { byHost } } as const)
        : ({ $case: "operator", value: { reason: word } } as const);
    const summary =
      word === undefined
        ? `Take the power of ${shortName(name)} away`
        : `Take it for certain that ${shortName(name)} is off`;
    const isAsked = options.dryRun !== true;
    if (isAsked && !(await confirm(context, { summary }, options.yes))) return undefined;
    const answer = await moves.fenceHost({
      ...{ name, by, requestId: requestIdOf(options) },
      validateOnly: options.dryRun === true,
    });
    const show = async () => printOne(context, hostView, await hosts.getHost({ name }));
    if (answer.job === undefined || options.dryRun === true || options.wait === false) {
      await show();
      return undefined;
    }
    const ended = await followJob(context, answer.job.name);
    return concludeJob(context, ended, show);
  },
});
