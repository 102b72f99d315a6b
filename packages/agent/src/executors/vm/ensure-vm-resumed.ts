import {
  continueGuest,
  endExport,
  HostFileError,
  queryMigration,
  queryStatus,
  readVmProcess,
  removeTlsKey,
} from "@switchyard/host";
import {
  HostError,
  type MoveId,
  type StepArguments,
  SwitchyardError,
  vmPaths,
} from "@switchyard/model";
import {
  addToNote,
  hasResumed,
  markResumed,
  readNote,
  removeKey,
} from "../../moves/migration-note.ts";
import { withQmp } from "../../vm-runtime/with-qmp.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";

/** The other QEMU has heard that all is here; this one may be at its last devices. */
const ARRIVAL_TIMEOUT_MS = 30_000;
const ARRIVAL_INTERVAL_MS = 50;

interface State {
  readonly isRunning: boolean;
  /** Its key is not needed any more. */
  readonly hasKey: boolean;
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
  const hasRun = note?.resumedAtMs !== undefined || (await hasResumed(context.observer, vm, move));
  if (!(await isAlive(context, vm))) {
    if (!hasRun) throw notArrived(vm, "no QEMU that waits for it");
    throw new HostError("VM_START_FAILED", `${vm} went on here, and its QEMU has ended`, {
      found: "no process",
      needs: "the process that was let go on",
    });
  }
  if (note?.channel?.move !== move) throw notArrived(vm, "a QEMU that waits for another move");
  if (!hasRun) await awaitArrival(context, vm);
  let isSaid = hasRun;
  try {
    await withQmp(context, vm, async (session) => {
      await endExport(session);
      if (note.resumedAtMs === undefined) await noteResumed(context, vm, move);
      isSaid = true;
      await continueGuest(session);
      await removeTlsKey(session);
    });
  } catch (error) {
    if (isSaid || (await isAlive(context, vm))) throw error;
    throw notArrived(vm, "QEMU ended before it was let go on");
  }
  await removeKey(context.host, vm);
}

/** From here on it may have run, whatever becomes of the next words. What can't be written was not said. */
async function noteResumed(context: StepContext, vm: string, move: MoveId): Promise<void> {
  const { host, clock } = context;
  try {
    await markResumed(host, vm, move);
    await addToNote(host, vm, { resumedAtMs: clock.nowMs() });
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw notArrived(vm, `that it goes on could not be written down: ${error.message}`);
  }
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
    hasKey: await context.observer.exists(vmPaths(vm).tlsFolder),
  }),
  isSatisfied: ({ isRunning, hasKey }) => isRunning && !hasKey,
  apply: resume,
  undo: undefined,
  failure: "VM_START_FAILED",
});
