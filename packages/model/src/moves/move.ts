import type { HostId, VmId } from "../ids/ids.ts";
import type { JobFailure } from "../jobs/job.ts";

/**
 * What a VM goes from one host to another for: somebody moved it; its host is emptied; it returns to the host
 * it was evacuated from; its host is lost and fenced.
 */
export type MoveCause = "move" | "evacuate" | "restore-home" | "fenced";

/**
 * ```
 *  queued --> sealing --> receiving --> starting --> clearing --> done
 *    | |         |            |         ^  |  ^
 *    | |         |            |         |  |  '-- a fenced host's VM begins here
 *    | |         v            v         |  v
 *    | |     returning <--- returning   |  reverting --> returning --> sweeping --> failed
 *    | |                                |
 *    | '--> preparing --> migrating ----'
 *    |          |             |
 *    |          v             v
 *    |      returning <--- returning
 *    v
 *  failed
 * ```
 * - queued -> sealing: its turn came, and a place was found and taken on another host.
 * - sealing -> receiving: the VM is ended on its host, and its disk summed.
 * - receiving -> starting: the disk is whole on the other host, which the VM is allocated on from now on.
 * - queued -> preparing: as to sealing, for a VM that goes live.
 * - preparing -> migrating: a QEMU with the VM's devices waits for it on the other host.
 * - migrating -> starting: memory and disk are there, and the guest stands still on both hosts; the VM is allocated
 *   on the other from now on. It goes on there by a job, and by nothing else.
 * - starting -> clearing: it runs there, or ran. A VM that was stopped passes through at once.
 * - clearing -> done: nothing of it is left where it was, and what it held there was given back.
 * - sealing, receiving, preparing, migrating -> returning: a job failed before the VM was to run elsewhere.
 * - starting -> reverting: it could not start there, and is taken off again before anything else.
 * - reverting -> returning: it is off; it is allocated where it was.
 * - returning -> sweeping: it runs where it was, or could not; what was brought elsewhere is taken away.
 * - sweeping, queued -> failed: no place was found, or nothing is left elsewhere.
 */
export type MovePhase =
  | "queued"
  | "sealing"
  | "receiving"
  | "preparing"
  | "migrating"
  | "starting"
  | "clearing"
  | "reverting"
  | "returning"
  | "sweeping"
  | "done"
  | "failed";

export const MOVE_ENDS = ["done", "failed"] as const satisfies readonly MovePhase[];

export const isMoveEnd = (phase: MovePhase): boolean => MOVE_ENDS.some((end) => end === phase);

/** Moves of one host that are under way at once, unless told otherwise, and at most. */
export const MOVES_AT_ONCE = { default: 2, max: 16 } as const;

/** Why a VM can't go, or where it would. */
export type MoveOutlook =
  | { readonly vm: VmId; readonly kind: "goes"; readonly target: HostId }
  | { readonly vm: VmId; readonly kind: "stays"; readonly failure: JobFailure };
