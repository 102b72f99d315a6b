import { allPages, type RolloutHost } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { formatRolloutHosts, rolloutView } from "../../views/rollout.ts";

/** Hosts shown at most; `-o json` of the API has all. */
const HOSTS_MAX = 500;

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<rollout>");
  },
  run: async ({ context, args: [rollout = ""] }) => {
    const { rollouts } = await context.client();
    const name = resourceName("rollouts", rollout);
    await printOne(context, rolloutView, await rollouts.getRollout({ name }));
    if (context.settings.output !== "table") return undefined;
    const hosts: RolloutHost[] = [];
    for await (const host of allPages(
      (pageToken) => rollouts.listRolloutHosts({ rollout: name, pageSize: HOSTS_MAX, pageToken }),
      (page) => page.hosts,
    )) {
      hosts.push(host);
      if (hosts.length >= HOSTS_MAX) break;
    }
    context.out(formatRolloutHosts(hosts, context.style));
    return undefined;
  },
});
