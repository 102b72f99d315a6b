import {
  type MigrationChannel,
  type MoveId,
  type PlannedCommand,
  qemuVm,
  type VmDesired,
  vmPaths,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";
import { type QemuPlace, qemuOptions } from "./vm-steps.ts";

/** QMP commands in their order, as they go over the VM's socket. */
const qmp = (vm: string, ...commands: readonly string[]): readonly PlannedCommand[] =>
  commands.map((execute) => write(vmPaths(vm).qmpSocket, JSON.stringify({ execute })));

/** The live move by which a VM comes, and the public nkey of the host that sends it. */
export interface AwaitedMove {
  readonly move: MoveId;
  readonly sender: string;
}

/** @param place as for a start */
export function ensureVmAwaited(
  vm: VmDesired,
  { move, sender }: AwaitedMove,
  place: QemuPlace,
): Draft {
  const { tlsFolder } = vmPaths(vm.vm);
  const { memory } = place;
  return draft(
    "ensureVmAwaited",
    { vm, move, sender, ...(memory !== undefined && { memory }) },
    {
      title: `Wait for ${vm.vm} with its devices`,
      commands: [
        run(qemuVm({ ...qemuOptions(vm, place), isAwaiting: true })),
        write(`${tlsFolder}/keys.psk`, "<key of this move>"),
        ...qmp(vm.vm, "object-add", "migrate-set-capabilities", "migrate-set-parameters"),
        ...qmp(vm.vm, "migrate-incoming", "nbd-server-start", "block-export-add"),
      ],
    },
  );
}

export function ensureVmMigrated(vm: string, channel: MigrationChannel): Draft {
  const { address, memoryPort, diskPort } = channel;
  const isMirrored = diskPort !== undefined;
  return draft(
    "ensureVmMigrated",
    { vm, channel },
    {
      title: `Send ${isMirrored ? "disk and memory" : "memory"} of ${vm} to ${address}:${memoryPort}`,
      commands: [
        write(`${vmPaths(vm).tlsFolder}/keys.psk`, "<key of this move>"),
        ...qmp(vm, "object-add", ...(isMirrored ? ["blockdev-add", "blockdev-mirror"] : [])),
        ...qmp(vm, "migrate-set-capabilities", "migrate-set-parameters", "migrate"),
        ...qmp(vm, ...(isMirrored ? ["block-job-cancel"] : []), "migrate-continue"),
      ],
    },
  );
}

/** Not reversible: the guest may have written since. */
export const ensureVmResumed = (vm: string, move: MoveId): Draft =>
  draft(
    "ensureVmResumed",
    { vm, move },
    {
      title: `Let ${vm} go on`,
      commands: qmp(vm, "nbd-server-stop", "cont"),
      isReversible: false,
    },
  );

/** Not reversible: it is what a move that was called off goes back to. */
export const ensureVmKept = (vm: string): Draft =>
  draft(
    "ensureVmKept",
    { vm },
    {
      title: `Keep ${vm} where it is`,
      commands: qmp(vm, "migrate_cancel", "block-job-cancel", "blockdev-del", "object-del", "cont"),
      isReversible: false,
    },
  );

/** Changes nothing. */
export const tellMigration = (vm: string): Draft =>
  draft("tellMigration", { vm }, { title: `Tell how far ${vm} has come`, commands: [] });
