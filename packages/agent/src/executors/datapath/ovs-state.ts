import { type OvsDatabase, readOvsDatabase } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/** @throws HostError OVS_NOT_RUNNING */
export async function readRunningOvs({ host }: StepContext): Promise<OvsDatabase> {
  const ovs = await readOvsDatabase(host);
  if (ovs?.isRunning) return ovs;
  throw new HostError("OVS_NOT_RUNNING", "Open vSwitch does not answer", {
    found: ovs === undefined ? "no database that answers" : "the database alone, no ovs-vswitchd",
  });
}

export async function findOvsBridge(
  context: StepContext,
  name: string,
): Promise<OvsDatabase["bridges"][number] | undefined> {
  return (await readRunningOvs(context)).bridges.find((bridge) => bridge.name === name);
}
