import { clearRestartPending, restartOvs, setHwOffload } from "@switchyard/host";
import { ensure, type StepContext } from "../executor.ts";
import { readRunningOvs } from "./ovs-state.ts";

interface State {
  readonly isEnabled: boolean;
  readonly isRestartPending: boolean;
}

async function readState(context: StepContext): Promise<State> {
  const { hwOffload, isRestartPending } = await readRunningOvs(context);
  return { isEnabled: hwOffload, isRestartPending };
}

/**
 * vswitchd reads the setting once, at its start. The mark set with it tells, after a crash in between,
 * that a restart is due; a restart whose mark could not be removed is made again.
 */
async function change(context: StepContext, now: State, isEnabled: boolean): Promise<void> {
  if (now.isEnabled !== isEnabled) await setHwOffload(context.host, isEnabled);
  await restartOvs(context.host);
  await clearRestartPending(context.host);
}

export const ensureHwOffload = ensure<"ensureHwOffload", State>({
  read: (context) => readState(context),
  isSatisfied: (state, { isEnabled }) => state.isEnabled === isEnabled && !state.isRestartPending,
  apply: (context, { isEnabled }, state) => change(context, state, isEnabled),
  undo: async (context, _args, before) => {
    const now = await readState(context);
    if (now.isEnabled === before.isEnabled && !now.isRestartPending) return;
    await change(context, now, before.isEnabled);
  },
  failure: "OVS_CHANGE_FAILED",
});
