import {
  addTlsKey,
  continueMigration,
  endMirror,
  findDiskNode,
  forgetMirror,
  type MigrationProgress,
  type MirrorProgress,
  mirrorDisk,
  prepareMigration,
  type QmpSession,
  queryMigration,
  queryMigrationBlockers,
  queryMirror,
  queryStatus,
  removeTlsKey,
  startMigration,
} from "@switchyard/host";
import {
  CommandError,
  HostError,
  InvalidInputError,
  MIGRATION_LIMITS,
  type MigrationChannel,
  migrationKeyPurpose,
  vmDiskPaths,
  vmPaths,
} from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";
import { withQmp } from "../vm-runtime/with-qmp.ts";
import { addToNote, readNote, removeKey, removeNote, writeKey } from "./migration-note.ts";
import { createWatch, type Watch } from "./migration-watch.ts";

interface Sending {
  readonly context: StepContext;
  readonly session: QmpSession;
  readonly vm: string;
  readonly channel: MigrationChannel;
  readonly watch: Watch;
}

/** QEMU's runstate once all is sent; the guest goes on here only when it is told to. @see qapi/run-state.json */
export const SENT_STATUS = "postmigrate";

/**
 * Sends a running VM to where it is waited for: first its disk, which from then on is written on both hosts, then
 * its memory in rounds; then the guest stops, the disk's copy is ended, and the last of the memory goes. What an
 * earlier try began is gone on with: QEMU does the work, whoever looks.
 *
 * @throws HostError MIGRATION_REFUSED, MIGRATION_FAILED, MIGRATION_TOO_SLOW, VM_NOT_RUNNING
 */
export async function sendVm(
  context: StepContext,
  vm: string,
  channel: MigrationChannel,
): Promise<void> {
  await withQmp(context, vm, async (session) => {
    const sending = { context, session, vm, channel, watch: createWatch(context, vm) };
    if ((await queryStatus(session)).status !== SENT_STATUS) {
      if (!isUnderWay(await queryMigration(session))) await begin(sending);
      await finish(sending);
    }
    await forgetMirror(session);
    await removeTlsKey(session);
  });
  await removeKey(context.host, vm);
}

const isUnderWay = ({ state }: MigrationProgress): boolean =>
  state === "active" || state === "pre-switchover";

async function begin(sending: Sending): Promise<void> {
  const { context, session, vm, channel } = sending;
  const [blocker] = await queryMigrationBlockers(session);
  if (blocker !== undefined) throw refused(vm, blocker);
  if (!isCopying(await queryMirror(session))) await forgetEarlier(session);
  await removeNote(context.host, vm);
  await writeKey(context, vm, openKey(context, vm, channel));
  await addTlsKey(session, { folder: vmPaths(vm).tlsFolder, endpoint: "client" });
  const { bytesPerSecondMax: bytesPerSecond, downtimeMsMax: downtimeMs } = MIGRATION_LIMITS;
  await translated(vm, async () => {
    if (channel.diskPort !== undefined) await mirror(sending, channel.diskPort);
    await prepareMigration(session, { bytesPerSecond, downtimeMs, isSource: true });
    await startMigration(session, { address: channel.address, port: channel.memoryPort });
  });
}

const isCopying = (seen: MirrorProgress | undefined): boolean =>
  seen?.state === "running" || seen?.state === "ready";

/** An earlier try that ended may have left its copy, whose end is of then, and a key that the target has not. */
async function forgetEarlier(session: QmpSession): Promise<void> {
  await forgetMirror(session);
  await removeTlsKey(session);
}

/** @throws HostError MIGRATION_FAILED where the host was enrolled anew since, with another key */
function openKey(
  { unseal }: StepContext,
  vm: string,
  { move, sealedKey }: MigrationChannel,
): string {
  try {
    return unseal(sealedKey, migrationKeyPurpose(move)).toString("hex");
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw failed(vm, "a key of this move that was sealed to another key of this host");
  }
}

/** Returns when all of the disk is on both hosts. */
async function mirror({ session, vm, channel, watch }: Sending, port: number): Promise<void> {
  if ((await queryMirror(session)) === undefined) {
    const disk = await findDiskNode(session, vmDiskPaths(vm).disk);
    if (disk === undefined) {
      throw new HostError("VM_DISK_UNEXPECTED", `${vm} has another disk than it was given`, {
        found: "no such disk in QEMU",
        needs: vmDiskPaths(vm).disk,
      });
    }
    const { address } = channel;
    const bytesPerSecond = MIGRATION_LIMITS.bytesPerSecondMax;
    await mirrorDisk(session, { device: disk.device, address, port, bytesPerSecond });
  }
  const isThere = ({ state }: MirrorProgress) => state === "ready";
  await awaitMirror({ session, vm, watch }, isThere);
}

async function awaitMirror(
  { session, vm, watch }: Pick<Sending, "session" | "vm" | "watch">,
  isDone: (seen: MirrorProgress) => boolean,
): Promise<void> {
  for (;;) {
    const seen = await queryMirror(session);
    if (seen === undefined || seen.state === "broken") {
      throw failed(vm, `the disk's copy ended: ${seen?.errorText ?? "nobody knows of it"}`);
    }
    if (isDone(seen)) return;
    await watch("disk", { done: seen.doneBytes, left: seen.totalBytes - seen.doneBytes });
  }
}

/** From the first round of memory to the end, at which the guest stands still here. */
async function finish(sending: Sending): Promise<void> {
  const { context, session, vm, watch } = sending;
  let ranAtMs = context.clock.nowMs();
  for (;;) {
    const askedAtMs = context.clock.nowMs();
    const seen = await queryMigration(session);
    switch (seen.state) {
      case "completed": {
        const memoryBytes = seen.transferredBytes;
        return addToNote(context.host, vm, { memoryBytes });
      }
      case "pre-switchover":
        await switchOver(sending, ranAtMs);
        break;
      case "active": {
        ranAtMs = askedAtMs;
        await watch("memory", { done: seen.transferredBytes, left: seen.remainingBytes });
        break;
      }
      default:
        throw failed(vm, seen.errorText ?? `QEMU says: ${seen.state}`);
    }
  }
}

/** The guest has stopped: nothing is written any more, so that the disk is alike on both hosts. */
async function switchOver(sending: Sending, ranAtMs: number): Promise<void> {
  const { context, session, vm, channel } = sending;
  const note = await readNote(context.host, vm);
  if (note?.pausedAtMs === undefined) await addToNote(context.host, vm, { pausedAtMs: ranAtMs });
  if (channel.diskPort !== undefined) {
    const seen = await queryMirror(session);
    if (seen?.state === "ready") await endMirror(session, false);
    await awaitMirror(sending, ({ state }) => state === "whole");
    await addToNote(context.host, vm, { diskBytes: seen?.doneBytes ?? 0 });
  }
  await continueMigration(session);
}

const failed = (vm: string, found: string): HostError =>
  new HostError("MIGRATION_FAILED", `${vm} did not come through to the other host`, {
    found,
    needs: "a way between the hosts that lasts until all is sent",
  });

const refused = (vm: string, found: string): HostError =>
  new HostError("MIGRATION_REFUSED", `QEMU does not migrate ${vm}`, {
    found,
    needs: "devices that can hand over their state",
  });

/** QEMU's refusals of the first commands, where a wrong key or a closed port shows. */
async function translated(vm: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandError) || error.reason !== "COMMAND_FAILED") throw error;
    throw failed(vm, String(error.metadata["stderr"] ?? error.message));
  }
}
