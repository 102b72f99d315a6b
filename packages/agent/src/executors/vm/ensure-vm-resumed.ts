import {
  continueGuest,
  endExport,
  queryMigration,
  queryStatus,
  readVmProcess,
  removeTlsKey,
} from "@switchyard/host";
import { HostError, type StepArguments, SwitchyardError } from "@switchyard/model";
import { addToNote, readNote } from "../../moves/migration-note.ts";
import { withQmp } from "../../vm-runtime/with-qmp.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";

/** The other QEMU has heard that all is here; this one may be at its last devices. */
const ARRIVAL_TIMEOUT_MS = 30_000;
const ARRIVAL_INTERVAL_MS = 50;

interface State {
  readonly isRunning: boolean;
}

const isAlive = async ({ observer }: StepContext, vm: string): Promise<boolean> =>
  (await readVmProcess(observer, vm))?.isAlive === true;

/** Nothing has run here, so that the guest may go on where it was. */
const notArrived = (vm: string, found: string): HostError =>
  new HostError("VM_NOT_ARRIVED", `${vm} can't go on here`, {
    found,
    needs: "a QEMU that holds all of the guest's memory",
  });

/** @throws HostError VM_NOT_ARRIVED; VM_START_FAILED once the guest may have run */
async function resume(
  context: StepContext,
  { vm, move }: StepArguments["ensureVmResumed"],
): Promise<void> {
  const note = await readNote(context.observer, vm);
  const hasRun = note?.resumedAtMs !== undefined;
  if (!(await isAlive(context, vm))) {
    if (!hasRun) throw notArrived(vm, "no QEMU that waits for it");
    throw new HostError("VM_START_FAILED", `${vm} went on here, and its QEMU has ended`, {
      found: "no process",
      needs: "the process that was let go on",
    });
  }
  if (note?.channel?.move !== move) throw notArrived(vm, "a QEMU that waits for another move");
  if (!hasRun) await awaitArrival(context, vm);
  await withQmp(context, vm, async (session) => {
    await endExport(session);
    // From here on it may have run, whatever becomes of the next words.
    if (!hasRun) await addToNote(context.host, vm, { resumedAtMs: context.clock.nowMs() });
    await continueGuest(session);
    await removeTlsKey(session);
  });
}

async function awaitArrival(context: StepContext, vm: string): Promise<void> {
  const read = async () => {
    try {
      return (await withQmp(context, vm, queryMigration)).state;
    } catch (error) {
      if (!(error instanceof SwitchyardError) || (await isAlive(context, vm))) throw error;
      throw notArrived(vm, "QEMU ended while it took the last of it");
    }
  };
  const state = await waitUntil(context, {
    ...{ timeoutMs: ARRIVAL_TIMEOUT_MS, intervalMs: ARRIVAL_INTERVAL_MS, read },
    isDone: (seen) => seen === "completed" || seen === "failed",
  });
  context.signal.throwIfAborted();
  if (state !== "completed") throw notArrived(vm, `QEMU says of what came: ${state}`);
}

/** Not reversible: the guest may have written since. */
export const ensureVmResumed = ensure<"ensureVmResumed", State>({
  read: async (context, { vm }) => ({
    isRunning:
      (await isAlive(context, vm)) &&
      (await withQmp(context, vm, queryStatus)).isRunning &&
      (await readNote(context.observer, vm))?.resumedAtMs !== undefined,
  }),
  isSatisfied: ({ isRunning }) => isRunning,
  apply: resume,
  undo: undefined,
  failure: "VM_START_FAILED",
});
