import { judgeGroups } from "@switchyard/analysis";
import { type HostId, LIMITS_OF_ROLLOUT, METRICS, type MetricGate } from "@switchyard/model";
import type { RolloutHostRecord, RolloutRecord } from "@switchyard/store";
import { listAll } from "../../api/list-all.ts";
import type { ApiParts } from "../../api/parts.ts";
import type { GateFinding } from "./judge-gate.ts";

/** Hosts of each side: more tell no more, and a query has a bound on its series. */
const HOSTS_MAX = 200;
/** What agents read most often comes every second or two. */
const STEP_MS_MIN = 2_000;
/** Of a soak of days, so that the query stays small. */
const POINTS_MAX = 30;
/**
 * So long after the soak it is waited for hosts with too few samples, and what comes meanwhile counts as well: batches are on
 * their way, and what is read every ten seconds may have been read once in a short soak.
 */
const LATE_MS = 20_000;
/** A host with fewer has not been watched. */
const POINTS_MIN = 2;

const stepOf = (soakMs: number): number =>
  Math.ceil(Math.max(STEP_MS_MIN, soakMs / POINTS_MAX) / STEP_MS_MIN) * STEP_MS_MIN;

/** Mean of each host's points over the soak, and what was waited beyond it. */
async function valuesOf(
  { store, clock }: Pick<ApiParts, "store" | "clock">,
  { spec, soakUntilMs = 0 }: RolloutRecord,
  { metric, hosts }: { readonly metric: MetricGate["metric"]; readonly hosts: readonly HostId[] },
): Promise<readonly number[]> {
  if (hosts.length === 0) return [];
  const { soakMs } = spec.strategy;
  const stepMs = stepOf(soakMs);
  const { groups } = await store.telemetry.query({
    ...{ metric, hosts, by: ["host"] },
    // Steps are even: one that began before the soak would have samples from before the change.
    startAtMs: Math.ceil((soakUntilMs - soakMs) / stepMs) * stepMs,
    endAtMs: Math.min(Math.max(clock.nowMs(), soakUntilMs), soakUntilMs + LATE_MS),
    stepMs,
    aggregation: METRICS[metric].kind === "counter" ? "rate" : "avg",
  });
  return groups
    .filter(({ points }) => points.length >= POINTS_MIN)
    .map(({ points }) => points.reduce((sum, { value }) => sum + value, 0) / points.length);
}

const hostsIn = (
  hosts: readonly RolloutHostRecord[],
  ...states: readonly RolloutHostRecord["state"][]
): readonly HostId[] =>
  hosts
    .filter(({ state }) => states.includes(state))
    .map(({ host }) => host)
    .slice(0, HOSTS_MAX);

/** Holds hosts that have the change against those that wait for it. */
export async function judgeByMetric(
  parts: Pick<ApiParts, "store" | "clock">,
  rollout: RolloutRecord,
  { metric, percent }: MetricGate,
): Promise<GateFinding> {
  const hosts = await listAll(
    (page) => parts.store.reads.rollouts.listHosts({ ...page, rollout: rollout.id }),
    LIMITS_OF_ROLLOUT.hostsMax,
  );
  const [having, lacking] = [hostsIn(hosts, "updated", "unchanged"), hostsIn(hosts, "waiting")];
  const changed = await valuesOf(parts, rollout, { metric, hosts: having });
  const unchanged = await valuesOf(parts, rollout, { metric, hosts: lacking });
  const { outcome, why } = judgeGroups({ changed, unchanged }, percent);
  const isPartial = changed.length + unchanged.length < having.length + lacking.length;
  const isEarly = parts.clock.nowMs() < (rollout.soakUntilMs ?? 0) + LATE_MS;
  const verdict = isPartial && isEarly ? "pending" : outcome;
  return { verdict, found: why, experiment: undefined };
}
