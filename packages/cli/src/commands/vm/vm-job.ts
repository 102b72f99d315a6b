import type { Vm } from "@switchyard/client";
import type { Command } from "commander";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../exit-codes.ts";
import { parseDuration, toDuration } from "../../input/duration.ts";
import { DRY_RUN_NOTE, type MutationOptions } from "../../input/mutation.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { vmView } from "../../views/vm.ts";

/** Shows the VM once its job has ended, or at once where nobody waits. */
export async function followVm(
  context: Context,
  vm: Vm,
  options: MutationOptions,
): Promise<ExitCode | undefined> {
  const isDryRun = options.dryRun === true;
  if (isDryRun || options.wait === false) {
    await printOne(context, vmView, vm);
    context.talk(isDryRun ? DRY_RUN_NOTE : `follow it: swy job watch ${shortName(vm.job)}`);
    return undefined;
  }
  const { vms } = await context.client();
  const job = await followJob(context, vm.job, { showsLog: true });
  return concludeJob(context, job, async () =>
    printOne(context, vmView, await vms.getVm({ name: vm.name })),
  );
}

/** How a guest is brought to power off. */
export interface StopOptions {
  readonly grace?: string;
  readonly force?: boolean;
}

export const addStopOptions = (command: Command): Command =>
  command
    .option("--grace <duration>", "what the guest gets to power off by itself; default 30s")
    .option("--force", "end its process at once, as if its power were cut");

/** @throws UsageError */
export function stopOf({ grace, force }: StopOptions) {
  if (grace === undefined) return { force: force === true };
  return { force: force === true, gracePeriod: toDuration(parseDuration(grace)) };
}
