import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseLabels } from "../../input/pairs.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { hostView } from "../../views/host.ts";

/** Reads the labels first and sends their etag along, so that nobody else's change is lost. */
export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command
      .argument("<host>")
      .argument("<changes...>", "key=value sets a label, key- takes it away");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [host = "", ...changes], options }) => {
    const { hosts } = await context.client();
    const old = await hosts.getHost({ name: resourceName("hosts", host) });
    const updated = await hosts.updateHost({
      host: { ...old, labels: changeLabels(old.labels, changes) },
      updateMask: ["labels"],
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, hostView, updated);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});

/** @throws UsageError */
export function changeLabels(
  old: Readonly<Record<string, string>>,
  changes: readonly string[],
): Record<string, string> {
  const isRemoval = (text: string) => text.endsWith("-") && !text.includes("=");
  const removed = new Set(changes.filter(isRemoval).map((text) => text.slice(0, -1)));
  const kept = Object.entries(old).filter(([key]) => !removed.has(key));
  return {
    ...Object.fromEntries(kept),
    ...parseLabels(changes.filter((text) => !isRemoval(text))),
  };
}
