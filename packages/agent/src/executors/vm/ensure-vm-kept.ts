import { queryStatus, readVmProcess } from "@switchyard/host";
import { callOff, isLeaving } from "../../moves/call-off.ts";
import { hasNote } from "../../moves/migration-note.ts";
import { withQmp } from "../../vm-runtime/with-qmp.ts";
import { ensure } from "../executor.ts";

interface State {
  readonly isRunning: boolean;
  readonly isLeaving: boolean;
  /** Note or key of a move, whoever began it. */
  readonly hasTraces: boolean;
}

/** Not reversible: it is itself a way back. A VM whose process is gone fails it, and is for a start to bring back. */
export const ensureVmKept = ensure<"ensureVmKept", State>({
  read: async (context, { vm }) => {
    if ((await readVmProcess(context.observer, vm))?.isAlive !== true) {
      return { isRunning: false, isLeaving: false, hasTraces: false };
    }
    const hasTraces = await hasNote(context.observer, vm);
    return withQmp(context, vm, async (session) => ({
      isRunning: (await queryStatus(session)).isRunning,
      isLeaving: await isLeaving(session),
      hasTraces,
    }));
  },
  isSatisfied: (state) => state.isRunning && !state.isLeaving && !state.hasTraces,
  apply: (context, { vm }) => callOff(context, vm),
  undo: undefined,
  failure: "VM_NOT_RUNNING",
});
