import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";
import { kindWord } from "../../views/kinds.ts";
import { vmView } from "../../views/vm.ts";

interface Options extends MutationOptions {
  readonly etag?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .option("--etag <etag>", "only if the VM is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const { vms } = await context.client();
    const old = await vms.getVm({ name: resourceName("vms", name) });
    const { host = "", hostKind = 0 } = old.allocation ?? {};
    const id = shortName(old.name);
    const summary = `Delete 1 VM: ${id} on ${shortName(host)} (${kindWord(hostKind)})`;
    const isDryRun = options.dryRun === true;
    if (!isDryRun && !(await confirm(context, { summary, typed: id }, options.yes))) {
      return undefined;
    }
    const vm = await vms.deleteVm({
      name: old.name,
      etag: options.etag ?? "",
      requestId: requestIdOf(options),
      validateOnly: isDryRun,
    });
    if (isDryRun || options.wait === false) {
      await printOne(context, vmView, vm);
      context.talk(isDryRun ? DRY_RUN_NOTE : `follow it: swy job watch ${shortName(vm.job)}`);
      return undefined;
    }
    const job = await followJob(context, vm.job);
    return concludeJob(context, job, (ended) => printOne(context, jobView, ended));
  },
});
