import type { HostId, JobFailure } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { MoveRecord, RolloutHostRecord, RolloutRecord, Transaction } from "@switchyard/store";
import { listVms, queueMoves } from "../../api/moves/evacuate.ts";
import type { ApiParts } from "../../api/parts.ts";

/** VMs of one host that move at once. */
const MOVES_AT_ONCE = 2;
/** Moves looked at; a host has fewer slots, and each VM is tried once. */
const MOVES_MAX = 1_000;

export interface Emptied {
  readonly rollout: RolloutRecord;
  readonly place: RolloutHostRecord;
}

/** `failed`: a VM can't go, and the host's place in the rollout says so. */
export type Emptiness = "empty" | "waits" | "failed";

const listMoves = async (tx: Transaction, host: HostId): Promise<readonly MoveRecord[]> =>
  (await tx.moves.list({ size: MOVES_MAX, after: undefined, host })).items;

/** Cordons the host unless somebody has, and notes that it is the rollout's to refill. */
export async function beginEmptying(tx: Transaction, { rollout, place }: Emptied): Promise<void> {
  const { host } = place;
  const { cordon } = await tx.hosts.get(host);
  if (cordon === undefined) {
    await tx.hosts.setCordon(host, { reason: `rollout ${rollout.id} moves its VMs elsewhere` });
  }
  await tx.rollouts.noteHost(rollout.id, {
    host,
    isEmptied: true,
    wasCordoned: cordon !== undefined,
    proof: "its VMs are about to move elsewhere",
  });
}

/**
 * Takes the emptying of a host one step on: VMs that stand still are told to move, those on their way are waited for.
 * May run any number of times. A VM that finds no place fails the host; the others still go, and come back.
 */
export async function emptyHost(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  { rollout, place }: Emptied,
): Promise<Emptiness> {
  const { host, takenAtMs = 0 } = place;
  const fail = async (failure: JobFailure): Promise<Emptiness> => {
    await tx.rollouts.setHosts(rollout.id, [{ host, state: unemptied(place), failure }]);
    return "failed";
  };
  const moves = await listMoves(tx, host);
  const broken = moves.find(
    ({ phase, sourceHost, createdAtMs }) =>
      phase === "failed" && sourceHost === host && createdAtMs >= takenAtMs,
  );
  if (broken?.failure !== undefined) return fail(broken.failure);
  const live = moves.filter(({ endedAtMs }) => endedAtMs === undefined);
  const vms = await listVms(tx, host);
  const still = vms.filter(
    ({ id, state }) => state !== "deleting" && !live.some(({ vm }) => vm === id),
  );
  if (vms.length === 0 && live.length === 0) return "empty";
  const { staying } = await queueMoves(parts, tx.inTrace(rollout.traceparent), {
    vms: still,
    wanted: {
      cause: "evacuate",
      batch: newUuid(parts.clock, parts.random),
      atOnce: MOVES_AT_ONCE,
    },
    isRehearsal: false,
  });
  const [stays] = staying;
  if (stays !== undefined) return fail(stays.failure);
  const proof = `waits for ${Math.max(vms.length, live.length)} VMs that move elsewhere`;
  if (proof !== place.proof) await tx.rollouts.noteHost(rollout.id, { host, proof });
  return "waits";
}

const unemptied = ({ state }: RolloutHostRecord) =>
  state === "rolling-back" ? ("stuck" as const) : ("failed" as const);
