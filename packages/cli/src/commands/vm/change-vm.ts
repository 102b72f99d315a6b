import { Vm } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { DRY_RUN_NOTE, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { vmView } from "../../views/vm.ts";

/** Options of a change, beside what it changes. */
export interface ChangeOptions extends MutationOptions {
  readonly etag?: string;
}

/**
 * Sends only what was named, so that two who change different things do not meet.
 *
 * @param change path of the spec to its value, as JSON has it; undefined was not named
 * @throws UsageError when nothing was named
 */
export async function changeVm(
  context: Context,
  wanted: {
    readonly name: string;
    readonly options: ChangeOptions;
    readonly change: Readonly<Record<string, unknown>>;
    readonly flags: string;
  },
): Promise<undefined> {
  const { name, options, change, flags } = wanted;
  const named = Object.entries(change).filter(([, value]) => value !== undefined);
  if (named.length === 0) throw new UsageError(`say what changes: ${flags}`);
  const spec: Record<string, unknown> = {};
  for (const [path, value] of named) {
    const [outer = "", inner] = path.split(".");
    spec[outer] = inner === undefined ? value : { [inner]: value };
  }
  const { vms } = await context.client();
  const vm = await vms.updateVm({
    vm: Vm.fromJSON({ name: resourceName("vms", name), etag: options.etag ?? "", spec }),
    updateMask: named.map(([path]) => `spec.${path}`),
    requestId: requestIdOf(options),
    validateOnly: options.dryRun === true,
  });
  await printOne(context, vmView, vm);
  if (options.dryRun) context.talk(DRY_RUN_NOTE);
  return undefined;
}
