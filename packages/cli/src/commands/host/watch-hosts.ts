import { ChangeType, HostChange, watch } from "@switchyard/client";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../exit-codes.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { hostView } from "../../views/host.ts";

/** @param filter.name full name of the only host to show */
export async function watchHosts(
  context: Context,
  filter: {
    readonly labelSelector?: Record<string, string>;
    readonly name?: string;
    readonly resumeToken?: string;
  },
): Promise<ExitCode> {
  const { hosts } = await context.client();
  const { labelSelector = {}, name, resumeToken = "" } = filter;
  const items = watch(
    hosts.watchHosts,
    { labelSelector, resumeToken },
    { signal: context.io.signal },
  );
  return printChanges(context, hostView, {
    items,
    show: (change) =>
      change.host === undefined || (name !== undefined && change.host.name !== name)
        ? undefined
        : {
            type: enumWord(ChangeType, change.type),
            item: change.host,
            json: HostChange.toJSON(change),
          },
  });
}
