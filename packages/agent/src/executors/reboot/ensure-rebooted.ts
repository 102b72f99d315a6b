import { HostError, isOutcomeUnknown } from "@switchyard/model";
import type { Executor, StepContext } from "../executor.ts";
import { findMissingEffects } from "./effects/effects.ts";
import { requestColdCycle } from "./request-cold-cycle.ts";

/** Services get a minute and a half each to stop, hardware minutes to shut down; then it hangs. */
const SHUTDOWN_TIMEOUT_MS = 15 * 60_000;

/** A request that the shutdown killed with everything else was heard; whether it was is seen by the boot. */
async function requestReboot({ host }: StepContext, reason: string): Promise<void> {
  try {
    await host.reboot(reason);
  } catch (error) {
    if (!isOutcomeUnknown(error)) throw error;
  }
}

/**
 * Asks for a boot and does not come back from it: the process ends with the machine, and its successor
 * goes on from the journal. Asking again in the same boot is harmless.
 */
export const ensureRebooted: Executor<"ensureRebooted"> = {
  kind: "reboot",
  request: async (context, { reason, isCold }) => {
    if (isCold) await requestColdCycle(context, reason);
    else await requestReboot(context, reason);
    await context.clock.sleep(SHUTDOWN_TIMEOUT_MS, context.signal);
    context.signal.throwIfAborted();
    throw new HostError("REBOOT_DID_NOT_HAPPEN", "the host was asked to boot and went on running", {
      needs: `a boot within ${SHUTDOWN_TIMEOUT_MS / 60_000} min: ${reason}`,
    });
  },
  verify: async (context, { reason, effects }) => {
    const missing = await findMissingEffects(context, effects);
    if (missing.length === 0) return;
    throw new HostError("REBOOT_WITHOUT_EFFECT", `the host booted, without effect: ${reason}`, {
      found: missing.map(({ found }) => found).join("; "),
      needs: missing.map(({ needs }) => needs).join("; "),
    });
  },
};
