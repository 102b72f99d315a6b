import { HostError } from "@switchyard/model";
import { openChannel } from "../../moves/await-vm.ts";
import { readNote } from "../../moves/migration-note.ts";
import { clearVm } from "../../vm-runtime/find-runtime.ts";
import type { VmState } from "../../vm-runtime/vm-runtime.ts";
import { ensure } from "../executor.ts";
import { startVm } from "./start-vm.ts";
import { endVm, readVmState } from "./vm-process.ts";

interface State {
  readonly state: VmState;
  /** The move by which it is waited for, once all is open. */
  readonly awaitedBy: string | undefined;
}

/**
 * A QEMU that waits and was not finished is ended, and another takes its place: nothing has come yet. Undo ends it,
 * and with it its ports.
 */
export const ensureVmAwaited = ensure<"ensureVmAwaited", State>({
  read: async (context, { vm: { vm } }) => ({
    state: await readVmState(context, vm),
    awaitedBy: (await readNote(context.observer, vm))?.channel?.move,
  }),
  isSatisfied: ({ state, awaitedBy }, { move }) => state === "paused" && awaitedBy === move,
  apply: async (context, args) => {
    const { vm } = args.vm;
    const state = await readVmState(context, vm);
    if (state === "running") {
      throw new HostError("VM_START_FAILED", `${vm} can't be waited for where it runs`, {
        found: "a VM of this name that runs",
        needs: "none",
      });
    }
    if (state === "paused") await endVm(context, vm, 0);
    await clearVm(context, vm);
    await startVm(context, args, true);
    await openChannel(context, args);
  },
  undo: async (context, { vm: { vm } }, before) => {
    if (before.state !== "stopped") return;
    if ((await readVmState(context, vm)) !== "stopped") await endVm(context, vm, 0);
    await clearVm(context, vm);
  },
  failure: "VM_START_FAILED",
});
