import { isDomainDefined, readVmProcess } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { clearVm } from "../../vm-runtime/find-runtime.ts";
import { ensure } from "../executor.ts";
import { endVm } from "./vm-process.ts";

interface State {
  readonly isAlive: boolean;
  /** Its folder, or a domain that libvirt knows. */
  readonly hasTraces: boolean;
}

/** Not reversible: a guest that powered off can only be started anew. */
export const ensureVmStopped = ensure<"ensureVmStopped", State>({
  read: async ({ host }, { vm }) => ({
    isAlive: (await readVmProcess(host, vm))?.isAlive ?? false,
    hasTraces: (await host.exists(vmPaths(vm).folder)) || (await isDomainDefined(host, vm)),
  }),
  isSatisfied: ({ isAlive, hasTraces }) => !isAlive && !hasTraces,
  apply: async (context, { vm, gracePeriodMs }, { isAlive }) => {
    if (isAlive) await endVm(context, vm, gracePeriodMs);
    await clearVm(context, vm);
  },
  undo: undefined,
  failure: "VM_STOP_TIMED_OUT",
});
