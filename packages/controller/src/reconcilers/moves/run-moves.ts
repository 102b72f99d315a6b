import type { ControllerBus, SigningKey } from "@switchyard/bus";
import type { JobFailure, JobKind, MoveId } from "@switchyard/model";
import { decideMove, type MoveDecision } from "@switchyard/planner";
import { type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { JobRecord, MoveRecord, Store, Transaction } from "@switchyard/store";
import type { ApiParts } from "../../api/parts.ts";
import type { Rounds } from "../../gateway/metrics/instruments.ts";
import type { Brake } from "../freeze/brake.ts";
import { beginMove } from "./begin-move.ts";
import { createMoveJob, type MoveParts, transferOf } from "./move-jobs.ts";
import { purgeFenced } from "./purge-fenced.ts";

/** Between two looks at moves, and at one move whose job has not ended. */
const LOOK_INTERVAL_MS = 500;
/** While a guest that goes live stands still, or soon will: each look's pause is part of it. */
const HANDOVER_INTERVAL_MS = 100;
const MOVES_AT_ONCE_MAX = 32;

const ACTOR = "controller/moves";

export interface RunMovesParts extends MoveParts {
  readonly store: Pick<Store, "transaction" | "reads">;
  /** Takes away what is queued for a host that was fenced. */
  readonly bus: Pick<ControllerBus, "purgeHost">;
  /** Signs the permissions to copy disks. */
  readonly signingKey: SigningKey;
  readonly dispatch: Pick<ApiParts["dispatch"], "wake">;
  readonly brake: Brake;
  readonly log: Logger;
  readonly rounds: Rounds;
}

type Go = Extract<MoveDecision, { readonly kind: "go" }>;
type End = Extract<MoveDecision, { readonly kind: "end" }>;

/**
 * Brings VMs from host to host, one step after the other, each in a transaction of its own that also makes
 * the step's job: a controller that dies in between leaves a move that any other goes on with. Any number of
 * controllers do so side by side.
 */
export function startMoves(parts: RunMovesParts): Service {
  const { clock, log, rounds } = parts;
  return startLoop(
    async (signal) => {
      let intervalMs = LOOK_INTERVAL_MS;
      while (!signal.aborted) {
        await rounds("moves", async () => {
          const isHandover = await runDue(parts, intervalMs);
          intervalMs = isHandover ? HANDOVER_INTERVAL_MS : LOOK_INTERVAL_MS;
        }).catch((error: unknown) => log.warn({ err: error }, "moves wait"));
        await clock.sleep(intervalMs, signal);
      }
    },
    (error) => log.error({ err: error }, "moving VMs ended"),
  );
}

/** @returns whether one of them is about to hand its guest over */
async function runDue(parts: RunMovesParts, intervalMs: number): Promise<boolean> {
  const { store, log } = parts;
  const due = await store.transaction({ actor: ACTOR }, (tx) =>
    tx.moves.claimDue({ max: MOVES_AT_ONCE_MAX, intervalMs }),
  );
  let isHandover = false;
  for (const id of due) {
    await stepMove(parts, id).then(
      (move) => {
        isHandover ||= isHandingOver(move);
      },
      (error: unknown) => log.warn({ err: error, move: id }, "a move waits"),
    );
  }
  return isHandover;
}

const isHandingOver = ({ isLive, phase }: MoveRecord): boolean =>
  isLive && (phase === "migrating" || phase === "starting");

/** @returns the move as it is then */
async function stepMove(parts: RunMovesParts, id: MoveId): Promise<MoveRecord> {
  const { store, dispatch, log } = parts;
  const before = await store.reads.moves.get(id);
  await purgeUnlessFrozen(parts, before);
  const after = await store.transaction({ actor: ACTOR }, async (tx) => {
    const move = await tx.moves.lock(id);
    return move && (await decideAndDo(parts, tx.inTrace(move.traceparent), move));
  });
  if (after === undefined) return before;
  dispatch.wake();
  const { vm, phase, failure } = after;
  log.info({ move: id, vm, phase, reason: failure?.reason }, "a move went on");
  return after;
}

/** While the fleet is frozen no move is begun; those under way go on. */
async function purgeUnlessFrozen(
  { bus, brake, store: { reads } }: RunMovesParts,
  move: MoveRecord,
): Promise<void> {
  if (move.phase === "queued" && (await brake.find(reads)) !== undefined) return;
  await purgeFenced({ bus, reads }, move);
}

/** Undefined where it waits. */
async function decideAndDo(
  parts: RunMovesParts,
  tx: Transaction,
  move: MoveRecord,
): Promise<MoveRecord | undefined> {
  if ((await parts.brake.findRestore(tx)) !== undefined) return undefined;
  const job = move.job === undefined ? undefined : await tx.jobs.find(move.job);
  const decision = decideMove({
    phase: move.phase,
    job: job && { state: job.state, failure: job.failure },
    wasRunning: move.wasRunning,
    isLive: move.isLive,
    tries: move.tries,
    isSourceFenced: await isFenced(tx, move.sourceHost),
    isTargetFenced: await isFenced(tx, move.targetHost),
    hasTargetFiles: move.disk !== undefined || move.isLive,
  });
  switch (decision.kind) {
    case "wait":
      return undefined;
    case "begin":
      // Those under way go on: a VM that was stopped for its move shall run again.
      return (await parts.brake.find(tx)) === undefined ? beginMove(parts, tx, move) : undefined;
    case "retry":
      return tx.moves.advance({
        id: move.id,
        phase: move.phase,
        job: await createMoveJob(parts, tx, { move, phase: move.phase }),
        tries: move.tries + 1,
        pauseMs: decision.pauseMs,
        failure: job?.failure,
      });
    case "go":
      return goOn(parts, tx, { move, decision, job });
    case "end":
      return endMove(tx, { move, decision, job });
  }
}

async function isFenced(tx: Transaction, id: MoveRecord["targetHost"]): Promise<boolean> {
  return id !== undefined && (await tx.hosts.find(id))?.fence !== undefined;
}

/** Jobs after which a VM runs. */
const LETS_RUN: readonly JobKind[] = ["start-vm", "resume-vm", "keep-vm"];

/** The VM's state, where the VM is still there: once it runs it may be deleted. */
async function setVm(
  tx: Transaction,
  move: MoveRecord,
  change: {
    readonly vm?: Go["vm"];
    readonly failure?: JobFailure | undefined;
    readonly job: JobRecord | undefined;
  },
): Promise<void> {
  const { vm, failure, job } = change;
  const found = await tx.vms.find(move.vm);
  if (vm === undefined || found?.state !== "moving") return;
  const reason = vm === "lost" ? `its host ${found.allocation.host} is lost` : undefined;
  await tx.vms.setState({
    id: move.vm,
    state: vm,
    // What its host showed before this job ended tells nothing of the VM.
    ...(job !== undefined && LETS_RUN.includes(job.kind) && { job: job.id }),
    ...(vm === "failed" && { failure }),
    ...(reason !== undefined && { reason }),
  });
}

/** Where a VM that has arrived belongs: evacuated ones remember where they came from. */
async function setHome(tx: Transaction, move: MoveRecord): Promise<void> {
  const vm = await tx.vms.find(move.vm);
  if (vm === undefined) return;
  const isEvacuated = move.cause === "evacuate" || move.cause === "fenced";
  const home = isEvacuated ? (vm.homeHost ?? move.sourceHost) : undefined;
  await tx.moves.setHome(vm.id, home === move.targetHost ? undefined : home);
}

async function goOn(
  parts: RunMovesParts,
  tx: Transaction,
  step: { readonly move: MoveRecord; readonly decision: Go; readonly job: JobRecord | undefined },
): Promise<MoveRecord> {
  const { decision, job } = step;
  const { phase } = decision;
  const disk = step.move.disk ?? job?.result?.disk;
  const told = job?.result?.migration;
  const migration = told === undefined ? step.move.migration : { ...step.move.migration, ...told };
  const move = { ...step.move, disk, migration };
  const [source, target] = [move.source.allocation, move.target?.allocation];
  if (target !== undefined && decision.switch !== undefined) {
    const isThere = decision.switch === "to-target";
    const [from, to] = isThere ? [source, target] : [target, source];
    await tx.moves.switchHost({ move: move.id, from, to });
  }
  const failure = decision.failure ?? move.failure;
  await setVm(tx, move, { vm: decision.vm, failure, job });
  if (phase === "clearing") await setHome(tx, move);
  const transfer = phase === "receiving" ? transferOf(parts, move) : undefined;
  const hasNothingLeft = phase === "sweeping" && disk === undefined && !move.isLive;
  return tx.moves.advance({
    id: move.id,
    phase,
    job: hasNothingLeft ? undefined : await createMoveJob(parts, tx, { move, phase, transfer }),
    ...{ disk, migration },
    failure: decision.failure,
  });
}

async function endMove(
  tx: Transaction,
  step: { readonly move: MoveRecord; readonly decision: End; readonly job: JobRecord | undefined },
): Promise<MoveRecord> {
  const { move, job } = step;
  const { phase, vm } = step.decision;
  await tx.moves.dropHold(move.id);
  await setVm(tx, move, { vm, failure: move.failure, job });
  const { channel: _, ...migration } = move.migration ?? {};
  const ended = await tx.moves.advance({
    ...{ id: move.id, phase, job: move.job },
    ...(move.migration !== undefined && { migration }),
  });
  if (move.cause === "fenced") await liftFence(tx, move);
  return ended;
}

/** Once nothing is left on it of VMs that were started elsewhere, the host is one like any other. */
async function liftFence(tx: Transaction, { sourceHost: host }: MoveRecord): Promise<void> {
  const page = { size: 1000, after: undefined };
  const { items } = await tx.moves.list({ ...page, host, liveOnly: true });
  const isClear = items.every(({ cause, sourceHost }) => cause !== "fenced" || sourceHost !== host);
  if (isClear) await tx.hosts.setFence(host, undefined);
}
