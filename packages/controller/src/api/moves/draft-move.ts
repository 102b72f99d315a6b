import {
  type HostId,
  type MoveCause,
  type MoveId,
  type MoveMode,
  PlanningError,
  type VmState,
} from "@switchyard/model";
import { migrationCapability } from "@switchyard/planner";
import { newUuid } from "@switchyard/runtime";
import type { MoveRecord, Transaction, VmRecord } from "@switchyard/store";
import { refuseLeased } from "../hosts/refuse-leased.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { toDesired } from "../vms/vm-jobs.ts";

export interface Wanted {
  readonly cause: MoveCause;
  readonly wantedHost?: HostId | undefined;
  readonly hasNewDisk?: boolean;
  /** Left out: the best that is possible. */
  readonly mode?: MoveMode;
  readonly batch: string;
  readonly atOnce: number;
}

/** States a VM can be told to go in; one that its own job is at work on is waited for. */
const MOVABLE: readonly VmState[] = ["running", "stopped", "failed", "starting", "stopping"];

/** Of a host that runs nothing: what ran is lost. */
const MOVABLE_OF_FENCED: readonly VmState[] = ["lost", "stopped", "failed"];

/** @throws PlanningError VM_NOT_MOVABLE, VM_STATE_CONFLICT, VM_DISK_LEFT */
async function refuseUnmovable(tx: Transaction, vm: VmRecord, wanted: Wanted): Promise<void> {
  const subject = vmName.format(vm.id);
  const isFenced = wanted.cause === "fenced";
  const movable = isFenced ? MOVABLE_OF_FENCED : MOVABLE;
  if (!movable.includes(vm.state)) {
    throw new PlanningError("VM_STATE_CONFLICT", `VM ${vm.id} can't be moved now`, {
      subject,
      found: `state ${vm.state}`,
      needs: movable.join(", "),
    });
  }
  const host = await tx.hosts.get(vm.allocation.host);
  refuseLeased(host);
  const { inventory } = host;
  const facts = { spec: vm.spec, nics: vm.allocation.nics, host: inventory };
  const { method, obstacles } = migrationCapability(facts);
  const last = obstacles.at(-1);
  if (method === "none" && last !== undefined) {
    const { found, needs } = last;
    throw new PlanningError("VM_NOT_MOVABLE", `VM ${vm.id} can't be moved`, {
      ...{ subject, found, needs },
      try: `swy vm migration ${vm.id}`,
    });
  }
  if (isFenced && vm.spec.boot.kind === "image" && wanted.hasNewDisk !== true) {
    throw new PlanningError("VM_DISK_LEFT", `the disk of VM ${vm.id} stays on its lost host`, {
      subject,
      found: `a disk on ${vm.allocation.host}, which can't be reached`,
      needs: "that host, or a disk made anew from its image, without what was written since",
    });
  }
}

/**
 * Queues a move of a VM.
 *
 * @throws StoreError VM_MOVING, HOST_IN_EXPERIMENT
 * @throws PlanningError VM_NOT_MOVABLE, VM_STATE_CONFLICT, VM_DISK_LEFT
 */
export async function draftMove(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  vm: VmRecord,
  wanted: Wanted,
): Promise<MoveRecord> {
  await refuseUnmovable(tx, vm, wanted);
  const { cause, wantedHost, hasNewDisk = false, batch, atOnce, mode = "best" } = wanted;
  return tx.moves.create({
    ...{ cause, wantedHost, batch, atOnce, mode },
    id: newUuid(parts.clock, parts.random) as MoveId,
    hasNewDisk: hasNewDisk && vm.spec.boot.kind === "image",
    // Of a lost VM nobody knows; what was to run shall run.
    wasRunning: vm.state !== "stopped" && vm.state !== "failed",
    source: await toDesired(tx, vm),
  });
}
