import { BatchCreateVmsResponse, BatchFit, Vm, type VmSpec } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { DRY_RUN_NOTE, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { parseInteger } from "../../input/pairs.ts";
import { printDocument, printList } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { describeReport } from "../../views/placement.ts";
import { vmView } from "../../views/vm.ts";

export interface BatchOptions {
  readonly count?: string;
  readonly asManyAsFit?: boolean;
}

/** `web` and 3: `web-1`, `web-2`, `web-3`. @throws UsageError */
export const namesOf = (prefix: string, count: string): readonly string[] =>
  Array.from({ length: parseInteger(count) }, (_, at) => `${prefix}-${at + 1}`);

/** Waits for the job of each VM in turn; the first that failed decides the exit code. */
async function followAll(context: Context, vms: readonly Vm[]): Promise<ExitCode> {
  let code: ExitCode = EXIT_CODES.ok.code;
  for (const { name, job } of vms) {
    const ended = await followJob(context, job);
    if (ended === undefined) return EXIT_CODES.interrupted.code;
    const one = await concludeJob(context, ended, async () => context.talk(`${name} runs`));
    if (code === EXIT_CODES.ok.code) code = one;
  }
  return code;
}

async function show(context: Context, answer: BatchCreateVmsResponse): Promise<void> {
  const { output } = context.settings;
  if (output === "json" || output === "yaml") {
    await printDocument(context, { json: BatchCreateVmsResponse.toJSON(answer), text: "" });
    return;
  }
  await printList(context, vmView, answer.vms);
  if (answer.unplacedVmIds.length === 0) return;
  context.talk(`no room for ${answer.unplacedVmIds.join(", ")}`);
  const { unplacedReport } = answer;
  if (unplacedReport !== undefined) context.talk(describeReport(unplacedReport, context.talkStyle));
}

/** Creates VMs that are alike, in one call. */
export async function createBatch(
  context: Context,
  wanted: { readonly vmIds: readonly string[]; readonly spec: VmSpec },
  options: BatchOptions & MutationOptions,
): Promise<ExitCode | undefined> {
  const { vms } = await context.client();
  const answer = await vms.batchCreateVms({
    vmIds: [...wanted.vmIds],
    vm: Vm.fromPartial({ spec: wanted.spec }),
    fit: options.asManyAsFit ? BatchFit.AS_MANY_AS_FIT : BatchFit.ALL,
    requestId: requestIdOf(options),
    validateOnly: options.dryRun === true,
  });
  if (options.dryRun || options.wait === false) {
    await show(context, answer);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  }
  const placed = answer.vms.map(({ name, allocation }) => [
    shortName(name),
    shortName(allocation?.host ?? ""),
  ]);
  context.talk(placed.map(([vm, host]) => `${vm} goes to ${host}`).join("\n"));
  const code = await followAll(context, answer.vms);
  const now = await Promise.all(answer.vms.map(({ name }) => vms.getVm({ name })));
  await show(context, { ...answer, vms: now });
  return code;
}
