import type { HostId, RolloutHostState } from "@switchyard/model";
import { withinDomains } from "./failure-domains.ts";
import { decideGates } from "./gates.ts";
import {
  countUnavailable,
  isInWindow,
  isUnderWay,
  type RolloutHostView,
  type RolloutView,
  unavailableMax,
} from "./rollout-view.ts";

/** What comes next. A decision is made from the whole rollout each time, by whichever controller looks. */
export type RolloutDecision =
  | { readonly kind: "wait"; readonly why: string }
  /** Brings these to the change, or back. */
  | { readonly kind: "begin"; readonly hosts: readonly HostId[] }
  | { readonly kind: "soak"; readonly untilMs: number }
  /** Looks at these gates of the wave, by position. */
  | { readonly kind: "judge"; readonly gates: readonly number[] }
  | { readonly kind: "pause"; readonly why: string }
  | { readonly kind: "next-wave" }
  | { readonly kind: "halt"; readonly why: string }
  | { readonly kind: "end"; readonly state: "succeeded" | "rolled-back" | "failed" };

const wait = (why: string): RolloutDecision => ({ kind: "wait", why });

const inState = (hosts: readonly RolloutHostView[], ...states: readonly RolloutHostState[]) =>
  hosts.filter(({ state }) => states.includes(state));

/** As many of those that can be begun as may be down at once; hosts that are down are not begun. */
function begin(
  view: RolloutView,
  candidates: readonly RolloutHostView[],
  nowMs: number,
): RolloutDecision {
  const { strategy, hosts } = view;
  if (!isInWindow(strategy.window, nowMs)) return wait("the maintenance window is closed");
  const room = unavailableMax(strategy.maxUnavailable, hosts.length) - countUnavailable(hosts);
  if (room <= 0) return wait("as many hosts are down as may be at once");
  const able = candidates.filter(({ isUp, isBusy }) => isUp && !isBusy);
  if (able.length === 0) return wait("hosts are down or busy with other jobs");
  const spread = withinDomains(able, hosts, strategy.domain);
  if (spread.length === 0) return wait("as many hosts of each domain are down as may be at once");
  return { kind: "begin", hosts: spread.slice(0, room).map(({ host }) => host) };
}

function isOverBudget({ hosts, strategy, acceptedFailureCount }: RolloutView): boolean {
  const failures = inState(hosts, "failed").length - acceptedFailureCount;
  return failures > strategy.failureBudget;
}

const haltText = (view: RolloutView): string => {
  const failed = inState(view.hosts, "failed").map(({ host }) => host);
  return `${failed.length} hosts failed, ${view.strategy.failureBudget} may: ${failed.slice(0, 10).join(", ")}`;
};

function decideRunning(view: RolloutView, nowMs: number): RolloutDecision {
  const wave = view.hosts.filter((host) => host.wave === view.wave);
  const waiting = inState(wave, "waiting");
  if (waiting.length > 0) return begin(view, waiting, nowMs);
  if (wave.some(isUnderWay)) return wait("hosts of the wave are under way");
  return { kind: "soak", untilMs: nowMs + view.strategy.soakMs };
}

function decideSoaking(view: RolloutView, nowMs: number): RolloutDecision {
  if (view.soakUntilMs !== undefined && nowMs < view.soakUntilMs) return wait("the wave soaks");
  const held = decideGates(view.gates);
  if (held !== undefined) return held;
  return view.wave < view.waveCount ? { kind: "next-wave" } : { kind: "end", state: "succeeded" };
}

/** Every host that a job of the rollout may have changed is brought back, the last wave first. */
function decideRollingBack(view: RolloutView, nowMs: number): RolloutDecision {
  const back = view.hosts
    .filter(({ isTouched }) => isTouched)
    .filter(({ state }) => state === "updated" || state === "failed")
    .sort((left, right) => right.wave - left.wave);
  if (back.length > 0) return begin(view, back, nowMs);
  if (view.hosts.some(isUnderWay)) return wait("hosts are brought back");
  const isStuck = inState(view.hosts, "stuck").length > 0;
  return { kind: "end", state: isStuck ? "failed" : "rolled-back" };
}

/** Pure: the same view at the same time gives the same decision. */
export function decideRollout(view: RolloutView, nowMs: number): RolloutDecision {
  switch (view.state) {
    case "running":
      if (isOverBudget(view)) return { kind: "halt", why: haltText(view) };
      return decideRunning(view, nowMs);
    case "soaking":
      if (isOverBudget(view)) return { kind: "halt", why: haltText(view) };
      return decideSoaking(view, nowMs);
    case "rolling-back":
      return decideRollingBack(view, nowMs);
    default:
      return wait("somebody decides");
  }
}
