import { assertNever, freezeText, type HostId, type RolloutId } from "@switchyard/model";
import {
  decideRollout,
  gatesOf,
  type RolloutDecision,
  type RolloutView,
} from "@switchyard/planner";
import type {
  RolloutHostChange,
  RolloutHostStatus,
  RolloutRecord,
  Transaction,
} from "@switchyard/store";
import { beginRollBack, canBePutBack, withdrawJobs } from "../../api/rollouts/roll-back.ts";
import type { Brake } from "../freeze/brake.ts";
import { settleHost } from "./settle-hosts.ts";

/** What is to be done outside the transaction. */
export interface Moves {
  /** Taken in hand; each needs its job. */
  readonly begun: readonly HostId[];
  /** Each needs to be looked at. */
  readonly verifying: readonly HostId[];
  /** Gates to be looked at, by position. */
  readonly judging: readonly number[];
  /** Of the rollout. */
  readonly traceparent: string;
}

const NO_MOVES: Moves = { begun: [], verifying: [], judging: [], traceparent: "" };

/** It goes on by itself; of others it is only noted what became of their hosts. */
const isMoving = ({ state }: RolloutRecord): boolean => state !== "paused" && state !== "halted";

const isUp = ({ hostState }: RolloutHostStatus): boolean => hostState === "ready";

function viewOf(rollout: RolloutRecord, hosts: readonly RolloutHostStatus[]): RolloutView {
  const { state, wave, waveCount, soakUntilMs, acceptedFailureCount, spec } = rollout;
  const { domain } = spec.strategy;
  return {
    ...{ state, wave, waveCount, soakUntilMs, acceptedFailureCount },
    strategy: spec.strategy,
    hosts: hosts.map((host) => ({
      ...{ host: host.host, wave: host.wave, state: host.state, isBusy: host.isBusy },
      isUp: isUp(host),
      isTouched: host.isTouched,
      domain: domain === undefined ? "" : (host.labels[domain.label] ?? ""),
    })),
    gates: gatesOf(spec.strategy, rollout.gates, { wave, waveCount }),
  };
}

/** In hand, but without a job until its VMs are elsewhere. */
const isEmptying =
  (rollout: RolloutRecord) =>
  ({ isEmptied, job, state }: RolloutHostStatus): boolean =>
    isEmptied &&
    job === undefined &&
    isMoving(rollout) &&
    state === (rollout.state === "rolling-back" ? "rolling-back" : "running");

async function halt(
  tx: Transaction,
  rollout: RolloutRecord,
  { why, nowMs }: { readonly why: string; readonly nowMs: number },
): Promise<void> {
  const { id, spec } = rollout;
  const halted = await tx.rollouts.setState({ id, state: "halted", reason: why });
  if (spec.strategy.isRolledBackOnHalt && (await canBePutBack(tx, rollout))) {
    await beginRollBack(tx, halted, { reason: `by itself: ${why}`, nowMs });
  } else {
    await withdrawJobs(tx, id);
  }
}

async function follow(
  tx: Transaction,
  rollout: RolloutRecord,
  { decision, nowMs }: { readonly decision: RolloutDecision; readonly nowMs: number },
): Promise<readonly HostId[]> {
  const { id, wave, state } = rollout;
  switch (decision.kind) {
    case "wait":
      return [];
    case "begin": {
      const begun = state === "rolling-back" ? "rolling-back" : "running";
      const changes = decision.hosts.map((host): RolloutHostChange => ({ host, state: begun }));
      await tx.rollouts.setHosts(id, changes);
      return decision.hosts;
    }
    case "soak":
      await tx.rollouts.setState({
        id,
        state: "soaking",
        reason: `wave ${wave} is done`,
        soakUntilMs: decision.untilMs,
      });
      return [];
    case "next-wave":
      await tx.rollouts.setState({
        id,
        state: "running",
        reason: `wave ${wave} has soaked`,
        wave: wave + 1,
      });
      return [];
    case "judge":
      return [];
    case "pause":
      await tx.rollouts.setState({
        ...{ id, state: "paused", reason: decision.why, resumeState: state },
        ...(rollout.soakUntilMs !== undefined && { soakUntilMs: rollout.soakUntilMs }),
      });
      return [];
    case "halt":
      await halt(tx, rollout, { why: decision.why, nowMs });
      return [];
    case "end":
      await tx.rollouts.setState({ id, state: decision.state, reason: "every host is done" });
      return [];
    default:
      return assertNever(decision);
  }
}

/** Notes on the rollout what holds it, once. Hosts that vanished with many others are not judged meanwhile. */
async function isHeld(tx: Transaction, rollout: RolloutRecord, brake: Brake): Promise<boolean> {
  const freeze = await brake.find(tx);
  if (!isMoving(rollout)) return freeze !== undefined;
  const hold = freeze === undefined ? "" : freezeText(freeze);
  if (hold !== rollout.hold) await tx.rollouts.setHold(rollout.id, hold);
  return freeze !== undefined;
}

/**
 * Takes a rollout one step on, in one transaction: what became of its hosts is noted, then what follows is
 * decided and written. Another controller that has the rollout is left alone. Of one that is paused or halted only the
 * former is done.
 */
export async function advance(
  tx: Transaction,
  id: RolloutId,
  by: { readonly brake: Brake; readonly nowMs: number },
): Promise<Moves> {
  const rollout = await tx.rollouts.take(id);
  if (rollout === undefined) return NO_MOVES;
  const { nowMs } = by;
  if (await isHeld(tx, rollout, by.brake)) return NO_MOVES;
  const before = await tx.rollouts.listStatus(id);
  const settled = before.flatMap(
    (status) => settleHost(status, { rolloutState: rollout.state, nowMs }) ?? [],
  );
  await tx.rollouts.setHosts(id, settled);
  const changed = new Map(settled.map((change) => [change.host, change]));
  const hosts = before.map((status) => ({ ...status, ...stateOf(changed.get(status.host)) }));
  const emptying = hosts.filter(isEmptying(rollout)).map(({ host }) => host);
  const decision = decideRollout(viewOf(rollout, hosts), nowMs);
  const decided = await follow(tx, rollout, { decision, nowMs });
  const begun = [...emptying, ...decided];
  const verifying = hosts.filter(({ state }) => state === "verifying").map(({ host }) => host);
  const judging = decision.kind === "judge" ? decision.gates : [];
  return { begun, verifying, judging, traceparent: rollout.traceparent };
}

const stateOf = (change: RolloutHostChange | undefined) =>
  change === undefined ? {} : { state: change.state };
