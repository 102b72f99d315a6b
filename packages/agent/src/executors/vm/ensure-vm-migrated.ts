import { queryStatus, readVmProcess } from "@switchyard/host";
import { callOff } from "../../moves/call-off.ts";
import { SENT_STATUS, sendVm } from "../../moves/send-vm.ts";
import { withQmp } from "../../vm-runtime/with-qmp.ts";
import { ensure } from "../executor.ts";

/** QEMU's word for how the guest is; undefined without a process. */
interface State {
  readonly status: string | undefined;
}

/**
 * Undo calls the move off, and the guest goes on here. That is safe until its end is known to a controller: the
 * guest waits on the other host until one says that it may go on there.
 */
export const ensureVmMigrated = ensure<"ensureVmMigrated", State>({
  read: async (context, { vm }) => {
    if ((await readVmProcess(context.observer, vm))?.isAlive !== true) return { status: undefined };
    return withQmp(context, vm, async (session) => ({
      status: (await queryStatus(session)).status,
    }));
  },
  isSatisfied: ({ status }) => status === SENT_STATUS,
  apply: (context, { vm, channel }) => sendVm(context, vm, channel),
  undo: (context, { vm }) => callOff(context, vm),
  failure: "MIGRATION_FAILED",
});
