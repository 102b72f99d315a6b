import {
  cancelMigration,
  continueGuest,
  endMirror,
  forgetMirror,
  type QmpSession,
  queryMigration,
  queryMirror,
  queryStatus,
  readVmProcess,
  removeTlsKey,
} from "@switchyard/host";
import { HostError } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";
import { withQmp } from "../vm-runtime/with-qmp.ts";
import { removeNote } from "./migration-note.ts";

/** QEMU gives up within a round trip, or when the connection's own bound is reached. */
const END_TIMEOUT_MS = 60_000;
const END_INTERVAL_MS = 100;

/** Whether something of the VM is on its way elsewhere. */
export async function isLeaving(session: QmpSession): Promise<boolean> {
  const { state } = await queryMigration(session);
  return state === "active" || state === "pre-switchover" || (await hasMirror(session));
}

const hasMirror = async (session: QmpSession): Promise<boolean> =>
  (await queryMirror(session)) !== undefined;

/**
 * Gives up what is on its way, and lets the guest go on here; a VM that has ended meanwhile is left so. Only while
 * the guest surely does not run elsewhere: it waits there until it is told to go on. May run twice.
 *
 * @throws HostError MIGRATION_FAILED where QEMU does not let go of it
 */
export async function callOff(context: StepContext, vm: string): Promise<void> {
  if ((await readVmProcess(context.observer, vm))?.isAlive !== true) return;
  await withQmp(context, vm, async (session) => {
    const { state } = await queryMigration(session);
    if (state === "active" || state === "pre-switchover") {
      await cancelMigration(session);
      await settled(context, vm, async () => {
        const now = await queryMigration(session);
        return now.state !== "active" && now.state !== "pre-switchover";
      });
    }
    const mirror = await queryMirror(session);
    if (mirror?.state === "running" || mirror?.state === "ready") {
      await endMirror(session, true);
      await settled(context, vm, async () => {
        const now = await queryMirror(session);
        return now === undefined || now.state === "broken" || now.state === "whole";
      });
    }
    await forgetMirror(session);
    await removeTlsKey(session);
    if (!(await queryStatus(session)).isRunning) await continueGuest(session);
  });
  await removeNote(context.host, vm);
}

/** Also for a job that was cancelled: what has begun is brought to its end. */
async function settled(
  { clock }: StepContext,
  vm: string,
  isSettled: () => Promise<boolean>,
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + END_TIMEOUT_MS;
  while (!(await isSettled())) {
    if (clock.monotonicMs() >= deadlineMs) {
      throw new HostError("MIGRATION_FAILED", `${vm} could not be kept from leaving`, {
        found: "QEMU goes on with what was cancelled",
        needs: "an end of it",
      });
    }
    await clock.sleep(END_INTERVAL_MS);
  }
}
