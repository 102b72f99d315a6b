import {
  type BmcSettings,
  type Host,
  type RedfishConnection,
  readBmcSettings,
  withRedfish,
} from "@switchyard/host";
import { HostError, SwitchyardError } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";

/** An iDRAC that restarts answers again after three to five minutes. */
const READY_TIMEOUT_MS = 600_000;
const READY_INTERVAL_MS = 10_000;

/** Settings of the agent's own configuration, else those the host keeps; undefined where there are none. */
export const findBmcSettings = async (
  host: Host,
  configured: BmcSettings | undefined,
): Promise<BmcSettings | undefined> => configured ?? (await readBmcSettings(host));

/** @throws HostError BIOS_NEEDS_BMC */
export async function requireBmcSettings(context: StepContext): Promise<BmcSettings> {
  const settings = await findBmcSettings(context.observer, context.bmc);
  if (settings !== undefined) return settings;
  throw new HostError("BIOS_NEEDS_BMC", "the agent was told of no BMC", {
    found: "no /etc/switchyard/bmc.json, no bmc_address in the agent's configuration",
    needs: "one of them",
  });
}

/** Nothing was changed, and the BMC may be ready later. */
const isWaitWorthwhile = (error: unknown): boolean =>
  error instanceof SwitchyardError &&
  (error.reason === "BMC_BUSY" || error.reason === "BMC_UNREACHABLE") &&
  error.retry === "safe";

/**
 * Works with the host's BMC; while it starts or its Lifecycle Controller is in use, the work is begun anew
 * every ten seconds, for ten minutes at most. So `work` reads before it changes, and may run again.
 *
 * @throws HostError BIOS_NEEDS_BMC, and what the BMC said last; CommandError
 */
export async function askBmc<Result>(
  context: StepContext,
  work: (connection: RedfishConnection) => Promise<Result>,
): Promise<Result> {
  const settings = await requireBmcSettings(context);
  const deadlineMs = context.clock.monotonicMs() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      return await withRedfish(context.host, settings, work);
    } catch (error) {
      const isLate = context.clock.monotonicMs() >= deadlineMs;
      if (!isWaitWorthwhile(error) || isLate || context.signal.aborted) throw error;
      await context.clock.sleep(READY_INTERVAL_MS, context.signal);
    }
  }
}
