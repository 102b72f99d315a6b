import { vmDiskPaths } from "@switchyard/model";
import { ensure } from "../executor.ts";

/** Not reversible: what the guest wrote is gone. Its hold on its image goes with it. */
export const ensureNoOverlay = ensure<"ensureNoOverlay", { readonly isAbsent: boolean }>({
  read: async ({ host }, { vm }) => ({ isAbsent: !(await host.exists(vmDiskPaths(vm).folder)) }),
  isSatisfied: ({ isAbsent }) => isAbsent,
  apply: ({ host }, { vm }) => host.remove(vmDiskPaths(vm).folder),
  undo: undefined,
  failure: "VM_DISK_UNEXPECTED",
  isLasting: true,
});
