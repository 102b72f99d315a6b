import type { JobFailure, VmState } from "@switchyard/model";
import type { RejectedHost } from "@switchyard/planner";
import type { MoveRecord, Transaction, VmRecord } from "@switchyard/store";
import { noCapacity } from "../../api/vms/no-capacity.ts";
import { choosePlace } from "./choose-place.ts";
import { createMoveJob, type MoveParts } from "./move-jobs.ts";

/** A VM that its own job is at work on is waited for. */
const BUSY_PAUSE_MS = 1_000;
const MOVABLE: readonly VmState[] = ["running", "stopped", "failed"];
const BUSY: readonly VmState[] = ["starting", "stopping", "moving"];

const refused = (reason: JobFailure["reason"], message: string, found: string): JobFailure => ({
  ...{ reason, message, step: undefined },
  metadata: { found },
});

/** Why a VM found no place, as its creation would say it. */
function nowhere(vm: VmRecord, reasons: readonly RejectedHost[]): JobFailure {
  const { reason, message, metadata } = noCapacity(vm.id, reasons);
  return { reason, message, metadata, step: undefined };
}

/** Why a VM that is to go live, or not at all, does not. */
const blocked = (
  { id }: VmRecord,
  { found, needs }: { readonly found: string; readonly needs: string },
): JobFailure => ({
  ...{ reason: "LIVE_MOVE_BLOCKED", message: `VM ${id} can't go live`, step: undefined },
  metadata: { found, needs },
});

/**
 * Begins a move whose turn it is: takes a place for the VM on another host, raises its generation, and makes
 * the first job. A VM that finds no place stays as it is, and its move fails with the explanation. The VM of
 * a fenced host has nothing left to be sealed: it is allocated elsewhere at once.
 */
export async function beginMove(
  parts: MoveParts,
  tx: Transaction,
  move: MoveRecord,
): Promise<MoveRecord> {
  const vm = await tx.vms.find(move.vm);
  const fail = (failure: JobFailure) =>
    tx.moves.advance({ id: move.id, phase: "failed", job: undefined, failure });
  if (vm === undefined || vm.allocation.host !== move.sourceHost) {
    return fail(refused("VM_NOT_FOUND", `VM ${move.vm} is not on ${move.sourceHost}`, "no VM"));
  }
  if (BUSY.includes(vm.state)) {
    const pauseMs = BUSY_PAUSE_MS;
    return tx.moves.advance({ id: move.id, phase: "queued", job: undefined, pauseMs });
  }
  const isFenced = move.cause === "fenced";
  if (![...MOVABLE, ...(isFenced ? (["lost"] as const) : [])].includes(vm.state)) {
    return fail(refused("VM_STATE_CONFLICT", `VM ${vm.id} can't go`, `state ${vm.state}`));
  }
  const { place, isLive } = await choosePlace(tx, move, vm);
  if (place.kind === "blocked") return fail(blocked(vm, place));
  if (place.kind === "none") return fail(nowhere(vm, place.reasons));
  const generation = await tx.moves.raiseGeneration(vm.id);
  const source = { ...move.source, generation, allocation: vm.allocation };
  const target = { ...source, allocation: place.allocation };
  const wasRunning = isFenced ? move.wasRunning : vm.state === "running";
  const targetHost = place.allocation.host;
  const begun = { ...move, wasRunning, isLive, source, target, targetHost };
  const phase = isFenced ? "starting" : isLive ? "preparing" : "sealing";
  if (isFenced) {
    await tx.moves.switchHost({ move: move.id, from: vm.allocation, to: place.allocation });
  }
  await tx.vms.setState({
    id: vm.id,
    state: "moving",
    reason: `moving ${isLive ? "live " : ""}from ${move.sourceHost} to ${targetHost}`,
  });
  const job = await createMoveJob(parts, tx, { move: begun, phase });
  return tx.moves.advance({ id: move.id, phase, job, wasRunning, isLive, source, target });
}
