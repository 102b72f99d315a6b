import {
  isRolloutEnd,
  type ProfileId,
  type RolloutId,
  type RolloutState,
  StoreError,
} from "@switchyard/model";
import { gatesOf } from "@switchyard/planner";
import type { RolloutRecord, Transaction } from "@switchyard/store";
import { rolloutName } from "../validation/names.ts";
import { beginRollBack, endGateExperiments, withdrawJobs } from "./roll-back.ts";

/** What a person does to a rollout, and why. */
export interface Steering {
  readonly id: RolloutId;
  readonly reason: string;
}

function wrongState({ id, state }: RolloutRecord, needs: string): StoreError {
  return new StoreError("ROLLOUT_STATE_WRONG", `rollout ${id} is ${state}`, {
    subject: rolloutName.format(id),
    found: `state ${state}`,
    needs,
  });
}

const MOVING: readonly RolloutState[] = ["running", "soaking", "rolling-back"];

/** @throws StoreError ROLLOUT_NOT_FOUND, ROLLOUT_STATE_WRONG */
export async function pauseRollout(
  tx: Transaction,
  { id, reason }: Steering,
): Promise<RolloutRecord> {
  const rollout = await tx.rollouts.lock(id);
  const { state, soakUntilMs } = rollout;
  if (!MOVING.includes(state)) throw wrongState(rollout, "a rollout that is under way");
  return tx.rollouts.setState({
    id,
    state: "paused",
    reason,
    resumeState: state,
    ...(soakUntilMs !== undefined && { soakUntilMs }),
  });
}

/** Failures that halted it are accepted, and what gates of the wave found. @throws StoreError ROLLOUT_NOT_FOUND, ROLLOUT_STATE_WRONG */
export async function resumeRollout(
  tx: Transaction,
  { id, reason }: Steering,
): Promise<RolloutRecord> {
  const rollout = await tx.rollouts.lock(id);
  const { state, soakUntilMs, resumeState = "running", counts, wave } = rollout;
  if (state === "halted") {
    await tx.rollouts.acceptGates(id, wave);
    return tx.rollouts.setState({
      id,
      state: "running",
      reason,
      acceptedFailureCount: counts.failed,
    });
  }
  if (state !== "paused") throw wrongState(rollout, "a rollout that is paused or halted");
  await tx.rollouts.acceptGates(id, wave);
  return tx.rollouts.setState({
    id,
    state: resumeState,
    reason,
    ...(soakUntilMs !== undefined && { soakUntilMs }),
  });
}

/** Gates of the wave that were not looked at yet no longer are. */
async function passGates(tx: Transaction, { id, spec, wave, waveCount, gates }: RolloutRecord) {
  for (const { position, verdict } of gatesOf(spec.strategy, gates, { wave, waveCount })) {
    if (verdict !== "unjudged" && verdict !== "pending") continue;
    const found = "promoted before it was known";
    const outcome = {
      wave,
      position,
      verdict: "inconclusive",
      found,
      experiment: undefined,
    } as const;
    await tx.rollouts.setGate(id, outcome);
  }
  await tx.rollouts.acceptGates(id, wave);
}

/** Ends the soak, whatever gates say. @throws StoreError ROLLOUT_NOT_FOUND, ROLLOUT_STATE_WRONG */
export async function promoteRollout(
  tx: Transaction,
  { id, reason }: Steering,
  nowMs: number,
): Promise<RolloutRecord> {
  const rollout = await tx.rollouts.lock(id);
  const { state, resumeState } = rollout;
  if (state !== "soaking" && !(state === "paused" && resumeState === "soaking")) {
    throw wrongState(rollout, "a wave that soaks");
  }
  await passGates(tx, rollout);
  return tx.rollouts.setState({ id, state: "soaking", reason, soakUntilMs: nowMs });
}

/** @throws StoreError ROLLOUT_NOT_FOUND, ROLLOUT_STATE_WRONG */
export async function abortRollout(
  tx: Transaction,
  { id, reason }: Steering,
  nowMs: number,
): Promise<RolloutRecord> {
  const rollout = await tx.rollouts.lock(id);
  if (isRolloutEnd(rollout.state)) throw wrongState(rollout, "a rollout that has not ended");
  await withdrawJobs(tx, id);
  await endGateExperiments(tx, rollout, nowMs);
  return tx.rollouts.setState({ id, state: "aborted", reason });
}

const CAN_ROLL_BACK: readonly RolloutState[] = ["running", "soaking", "paused", "halted"];

/** @throws StoreError ROLLOUT_NOT_FOUND, ROLLOUT_STATE_WRONG */
export async function rollBackRollout(
  tx: Transaction,
  { id, reason }: Steering,
  nowMs: number,
): Promise<RolloutRecord> {
  const rollout = await tx.rollouts.lock(id);
  if (!CAN_ROLL_BACK.includes(rollout.state)) {
    throw wrongState(rollout, "a rollout that has not ended and does not go back yet");
  }
  return beginRollBack(tx, rollout, { reason, nowMs });
}

/** A profile that is being rolled out stays as it is. @throws StoreError RESOURCE_IN_USE */
export async function refuseWhileRolledOut(tx: Transaction, profile: ProfileId): Promise<void> {
  const live = await tx.rollouts.findLive(profile);
  if (live === undefined) return;
  throw new StoreError("RESOURCE_IN_USE", `profile ${profile} is being rolled out`, {
    found: rolloutName.format(live),
    needs: "no rollout of the profile that has not ended",
    try: `swy rollout get ${live}`,
  });
}
