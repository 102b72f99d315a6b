import { kindWord } from "@switchyard/dev/main-job";
import { HostKind } from "@switchyard/proto";
import type { LabContext } from "../context.ts";
import { installLabAgent } from "../lab-agent.ts";

/** The agent is installed, process 1 starts it, and the controller sees its host. */
export async function enrol({
  stack,
  labHost,
  report,
  job,
  host: name,
}: LabContext): Promise<void> {
  report.part("The packaged agent is installed, starts, enrols, and its inventory is seen");
  await installLabAgent(stack, labHost);
  const host = await job.readyHost(name);
  const nic = host.inventory?.nics[0];
  report.say(
    `${host.name}  ${kindWord(host.kind)}  ${host.inventory?.osName} ${host.inventory?.kernelRelease}  ${nic?.model} (${nic?.nicProfile})  ${host.inventory?.accelerator}`,
  );
  report.verify(host.kind === HostKind.LAB, `${name} is shown as a lab host`);
  report.verify(nic?.pfs[0]?.eswitchMode === "legacy", "its NIC is in factory state");
}
