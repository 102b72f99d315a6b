import { PlanningError } from "@switchyard/model";
import type { MoveRecord } from "@switchyard/store";
import { vmName } from "../validation/names.ts";

/**
 * Who asks for one VM's move is told at once where it finds no place.
 *
 * @throws PlanningError NO_CAPACITY and what else keeps it from beginning
 */
export function refuseToMove(move: MoveRecord): MoveRecord {
  const { failure, phase, vm } = move;
  if (phase !== "failed" || failure === undefined) return move;
  const { reason, message, metadata } = failure;
  throw new PlanningError(reason, message, { ...metadata, subject: vmName.format(vm) });
}
