import { readSystem, requestReset, syncDisks } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import { askBmc, findBmcSettings } from "../../bmc/ask-bmc.ts";
import type { StepContext } from "../executor.ts";

/**
 * Has the BMC take the machine's power away and give it back. The operating system can't be shut down
 * first: its end is the agent's, and nobody would be left to switch the machine on again. So what the kernel
 * holds back is written out, and the power goes; VMs were stopped by steps of the plan before.
 *
 * Returns once the BMC has accepted. Asking again in the same boot is harmless.
 *
 * @throws HostError COLD_CYCLE_NEEDS_BMC, and what the BMC said
 */
export async function requestColdCycle(context: StepContext, reason: string): Promise<void> {
  const settings = await findBmcSettings(context.observer, context.bmc);
  if (settings === undefined) {
    throw new HostError("COLD_CYCLE_NEEDS_BMC", "the host's power must go off and on", {
      found: "no BMC that the agent may use",
      needs: reason,
    });
  }
  // The BMC is spoken to first: without it nothing shall have been prepared for.
  const system = await askBmc(context, readSystem);
  await syncDisks(context.host);
  await askBmc(context, (connection) => requestReset(connection, system, "PowerCycle"));
}
