import {
  freezeText,
  type HostId,
  type JobFailure,
  type MoveCause,
  PlanningError,
  StoreError,
  SwitchyardError,
  type VmId,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { MoveRecord, Transaction, VmRecord } from "@switchyard/store";
import { beginMove } from "../../reconcilers/moves/begin-move.ts";
import { failureOf } from "../jobs/failure-of.ts";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";
import { draftMove, type Wanted } from "./draft-move.ts";

/** VMs of one host: it has fewer slots. */
const VMS_MAX = 4_096;

export interface Evacuation {
  readonly moves: readonly MoveRecord[];
  readonly staying: readonly { readonly vm: VmId; readonly failure: JobFailure }[];
}

type Parts = Pick<ApiParts, "clock" | "random">;

interface Outcome {
  readonly moves: MoveRecord[];
  readonly staying: { readonly vm: VmId; readonly failure: JobFailure }[];
}

/**
 * Queues moves of VMs; those that can't go are named. A rehearsal takes the places one after the other, so that it
 * tells what all of them together would find.
 */
export async function queueMoves(
  parts: Parts,
  tx: Transaction,
  plan: {
    readonly vms: readonly VmRecord[];
    readonly wanted: Wanted;
    readonly isRehearsal: boolean;
  },
): Promise<Evacuation> {
  const outcome: Outcome = { moves: [], staying: [] };
  for (const vm of plan.vms) {
    try {
      const move = await draftMove(parts, tx, vm, plan.wanted);
      const known = plan.isRehearsal ? await beginMove(parts, tx, move) : move;
      if (known.phase === "failed" && known.failure !== undefined) {
        outcome.staying.push({ vm: vm.id, failure: known.failure });
      } else outcome.moves.push(known);
    } catch (error) {
      if (!(error instanceof PlanningError || error instanceof StoreError)) throw error;
      if (!(error instanceof SwitchyardError)) throw error;
      outcome.staying.push({ vm: vm.id, failure: failureOf(error) });
    }
  }
  return outcome;
}

export const listVms = (tx: Transaction, host?: HostId): Promise<readonly VmRecord[]> =>
  listAll((page) => tx.vms.list({ ...page, host }), VMS_MAX);

/** Many hosts that vanish at once are likelier cut off than dead: their VMs would run twice. */
async function refuseFrozen({ brake }: Pick<ApiParts, "brake">, tx: Transaction): Promise<void> {
  const freeze = await brake.find(tx);
  if (freeze === undefined) return;
  throw new StoreError("FLEET_FROZEN", freezeText(freeze), {
    subject: "fleet",
    found: `${freeze.lostCount} of ${freeze.hostCount} hosts lost`,
    needs: `no more than ${freeze.liftAtCount} lost at once, or an operator who knows why they are`,
    try: "swy fleet unfreeze --reason …",
  });
}

/**
 * Cordons a host and queues moves of all its VMs. Those that can't go stay as they are and are named.
 *
 * @throws StoreError HOST_NOT_FOUND, FLEET_FROZEN
 * @throws PlanningError HOST_NOT_FENCED (fenced VMs are asked for), HOST_NOT_READY (a host that is lost)
 */
export async function evacuateHost(
  parts: Parts & Pick<ApiParts, "brake">,
  tx: Transaction,
  request: {
    readonly host: HostId;
    readonly atOnce: number;
    readonly reason: string;
    readonly isFenced: boolean;
    readonly hasNewDisks: boolean;
    readonly isRehearsal: boolean;
  },
): Promise<Evacuation> {
  const { host, isFenced } = request;
  if (!request.isRehearsal) await refuseFrozen(parts, tx);
  const record = await tx.hosts.setCordon(host, { reason: request.reason });
  const subject = hostName.format(host);
  if (isFenced && record.fence === undefined) {
    throw new PlanningError("HOST_NOT_FENCED", `host ${host} was not fenced`, {
      subject,
      found: `state ${record.state}`,
      needs: "a host that is known to run nothing",
      try: `swy host fence ${host}`,
    });
  }
  if (!isFenced && record.state === "lost") {
    throw new PlanningError("HOST_NOT_READY", `host ${host} is lost and can't be asked`, {
      subject,
      found: "state lost",
      needs: "a host whose agent reports, or one that was fenced",
      try: `swy host fence ${host}`,
    });
  }
  const cause: MoveCause = isFenced ? "fenced" : "evacuate";
  const batch = newUuid(parts.clock, parts.random);
  const { atOnce, hasNewDisks: hasNewDisk, isRehearsal } = request;
  return queueMoves(parts, tx, {
    vms: await listVms(tx, host),
    wanted: { cause, hasNewDisk, batch, atOnce },
    isRehearsal,
  });
}

/**
 * Queues moves of VMs back to the host they were evacuated from.
 *
 * @throws StoreError HOST_NOT_FOUND
 * @throws PlanningError HOST_NOT_READY, HOST_CORDONED
 */
export async function restoreHome(
  parts: Parts,
  tx: Transaction,
  request: { readonly host: HostId; readonly atOnce: number; readonly isRehearsal: boolean },
): Promise<Evacuation> {
  const { host, atOnce, isRehearsal } = request;
  const { state, cordon } = await tx.hosts.get(host);
  const subject = hostName.format(host);
  if (state !== "ready") {
    throw new PlanningError("HOST_NOT_READY", `host ${host} is not ready`, {
      subject,
      found: `state ${state}`,
      needs: "state ready",
    });
  }
  if (cordon !== undefined) {
    throw new PlanningError("HOST_CORDONED", `host ${host} takes no VMs`, {
      subject,
      found: `cordoned: ${cordon.reason}`,
      try: `swy host uncordon ${host}`,
    });
  }
  const vms = (await listVms(tx)).filter(({ homeHost }) => homeHost === host);
  const batch = newUuid(parts.clock, parts.random);
  const wanted: Wanted = { cause: "restore-home", wantedHost: host, batch, atOnce };
  return queueMoves(parts, tx, { vms, wanted, isRehearsal });
}
