import { readOvs } from "@switchyard/host";
import { type Bridge, HostError, type Ovs } from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/** @throws HostError OVS_NOT_RUNNING */
export async function readRunningOvs({ host }: StepContext): Promise<Ovs> {
  const ovs = await readOvs(host);
  if (ovs?.isRunning) return ovs;
  throw new HostError("OVS_NOT_RUNNING", "Open vSwitch does not answer", {
    found: ovs === undefined ? "not installed" : `version ${ovs.version}, stopped`,
  });
}

export async function findOvsBridge(
  context: StepContext,
  name: string,
): Promise<Bridge | undefined> {
  return (await readRunningOvs(context)).bridges.find((bridge) => bridge.name === name);
}
