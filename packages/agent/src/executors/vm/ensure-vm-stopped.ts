import { readVmProcess } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { ensure } from "../executor.ts";
import { endVm } from "./vm-process.ts";

interface State {
  readonly isAlive: boolean;
  readonly hasFolder: boolean;
}

/** Not reversible: a guest that powered off can only be started anew. */
export const ensureVmStopped = ensure<"ensureVmStopped", State>({
  read: async ({ host }, { vm }) => ({
    isAlive: (await readVmProcess(host, vm))?.isAlive ?? false,
    hasFolder: await host.exists(vmPaths(vm).folder),
  }),
  isSatisfied: ({ isAlive, hasFolder }) => !isAlive && !hasFolder,
  apply: async (context, { vm, gracePeriodMs }, { isAlive }) => {
    if (isAlive) await endVm(context, vm, gracePeriodMs);
    await context.host.remove(vmPaths(vm).folder);
  },
  undo: undefined,
  failure: "VM_STOP_TIMED_OUT",
});
