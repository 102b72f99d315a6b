import { Vm } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { kindWord } from "../../views/kinds.ts";
import { describeReport } from "../../views/placement.ts";
import { vmView } from "../../views/vm.ts";
import { type BatchOptions, createBatch, namesOf } from "./create-batch.ts";
import { addVmSpecOptions, readVmSpec, type VmSpecOptions } from "./vm-spec.ts";

export const verb = defineVerb<VmSpecOptions & MutationOptions & BatchOptions>({
  configure: (command) => {
    command.argument("<vm>", "its name; with --count what their names begin with");
    addVmSpecOptions(command);
    command
      .option("--count <n>", "so many alike, in one call: VM-1, VM-2 …; all or none")
      .option("--as-many-as-fit", "with --count: the first of them as long as there is room");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const vmId = resourceId("vms", name);
    const spec = await readVmSpec(context, options);
    if (options.count !== undefined) {
      return createBatch(context, { vmIds: namesOf(vmId, options.count), spec }, options);
    }
    if (options.asManyAsFit) throw new UsageError("--as-many-as-fit needs --count");
    const { vms } = await context.client();
    const vm = await vms.createVm({
      vmId,
      vm: Vm.fromPartial({ spec }),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    if (options.dryRun || options.wait === false) {
      await printOne(context, vmView, vm);
      if (vm.placement !== undefined) {
        context.talk(describeReport(vm.placement, context.talkStyle));
      }
      context.talk(options.dryRun ? DRY_RUN_NOTE : `follow it: swy job watch ${shortName(vm.job)}`);
      return undefined;
    }
    const { host = "", hostKind = 0 } = vm.allocation ?? {};
    context.talk(`${vm.name} goes to ${shortName(host)} (${kindWord(hostKind)}); ${vm.job}`);
    const job = await followJob(context, vm.job, { showsLog: true });
    return concludeJob(context, job, async () =>
      printOne(context, vmView, await vms.getVm({ name: vm.name })),
    );
  },
});
