import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "../context.ts";
import { findAgentPid } from "../lab-agent.ts";
import { NIC_PROFILE } from "../lab-host.ts";
import { describeNic, formatYaml, type VdpaMacs } from "../nic-profile.ts";
import { tearDown } from "./profile.ts";

/** Node starts in seconds under emulation, in tens of them on a busy machine. */
const SEEN_MS = 300_000;
const LOOK_AGAIN_MS = 1_000;

/** Puts another card into the host, as far as its agent can tell: it reads what there is when it starts. */
export async function changeCard(context: LabContext, macs: VdpaMacs): Promise<void> {
  const { report, labHost, stack, host } = context;
  await tearDown(context);
  report.part(`${host} gets a card whose vDPA devices have MACs that are ${macs}`);
  const card = describeNic(labHost.topology, macs);
  await labHost.writeFile(NIC_PROFILE, formatYaml(card));
  await labHost.output(["kill", "-TERM", String(await findAgentPid(labHost))]);
  const model = await waitFor(
    async () => {
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      const found = inventory?.nics.find(({ model: seen }) => seen === card.model);
      return found?.model;
    },
    { deadlineMs: SEEN_MS, pollMs: LOOK_AGAIN_MS, describe: () => `nobody sees ${card.model}` },
  );
  report.verify(model === card.model, `its agent sees ${model}`);
}
