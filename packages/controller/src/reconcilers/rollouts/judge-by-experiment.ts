import { compare, type Judgement, judge, parseCondition } from "@switchyard/analysis";
import {
  type ExperimentGate,
  type ExperimentId,
  type ExperimentResult,
  gateExperimentId,
  type HostId,
  LIMITS_OF_ROLLOUT,
  SwitchyardError,
} from "@switchyard/model";
import type { ExperimentRecord, RolloutRecord } from "@switchyard/store";
import { createExperiment } from "../../api/experiments/create-experiment.ts";
import { listAll } from "../../api/list-all.ts";
import type { ApiParts } from "../../api/parts.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";
import type { GateFinding } from "./judge-gate.ts";

type Parts = Pick<ApiParts, "store" | "clock" | "random">;

interface Placed {
  readonly gate: ExperimentGate;
  readonly position: number;
}

const inconclusive = (found: string, experiment?: ExperimentId): GateFinding => ({
  verdict: "inconclusive",
  found,
  experiment,
});

async function resultOf(
  { store }: Parts,
  { id, ground, createdAtMs, endedAtMs, environment }: ExperimentRecord,
): Promise<ExperimentResult> {
  return {
    ...{ experiment: id, ground, environment },
    startedAtMs: createdAtMs,
    endedAtMs: endedAtMs ?? createdAtMs,
    rounds: await store.reads.experiments.listRounds(id),
  };
}

/** Of the first wave: those that are at the change. */
async function canaryHosts({ store }: Parts, rollout: RolloutRecord): Promise<readonly HostId[]> {
  const hosts = await listAll(
    (page) => store.reads.rollouts.listHosts({ ...page, rollout: rollout.id }),
    LIMITS_OF_ROLLOUT.hostsMax,
  );
  return hosts
    .filter(({ wave, state }) => wave === 1 && (state === "updated" || state === "unchanged"))
    .map(({ host }) => host);
}

/** Makes the experiment; one that can't be made says why, and nothing was ruled out. */
async function begin(parts: Parts, rollout: RolloutRecord, placed: Placed): Promise<GateFinding> {
  const { gate, position } = placed;
  const id = gateExperimentId(rollout.id, position);
  const baseline = await parts.store.reads.experiments.find(gate.baseline);
  if (baseline === undefined)
    return inconclusive(`there is no experiment ${gate.baseline} any more`);
  const needed = baseline.spec.hosts.length;
  const hosts = (await canaryHosts(parts, rollout)).slice(0, needed);
  if (hosts.length < needed) {
    return inconclusive(`it needs ${needed} hosts, and the canary has ${hosts.length}`);
  }
  const asked = { ...baseline.spec, hosts, seed: undefined };
  try {
    const { traceparent } = rollout;
    await parts.store.transaction({ actor: ROLLOUT_ACTOR, traceparent }, (tx) =>
      createExperiment(parts, tx, { id, asked }),
    );
  } catch (error) {
    if (!(error instanceof SwitchyardError) || error.reason === "DATABASE_UNAVAILABLE") throw error;
    return inconclusive(`the experiment could not begin: ${error.message} [${error.reason}]`);
  }
  return { verdict: "pending", found: `measures on ${hosts.join(", ")}`, experiment: id };
}

const tell = (judgements: readonly Judgement[], outcome: Judgement["outcome"]): string =>
  judgements
    .filter((judgement) => judgement.outcome === outcome)
    .map(({ condition, why }) => `${condition.text}: ${why}`)
    .join("; ");

async function conclude(
  parts: Parts,
  experiment: ExperimentRecord,
  gate: ExperimentGate,
): Promise<GateFinding> {
  const { id } = experiment;
  const baseline = await parts.store.reads.experiments.find(gate.baseline);
  if (baseline === undefined) {
    return inconclusive(`there is no experiment ${gate.baseline} any more`, id);
  }
  const results = [await resultOf(parts, baseline), await resultOf(parts, experiment)];
  const comparison = compare(results.map((result) => ({ kind: "measured", result })));
  const judgements = gate.conditions.flatMap((text) => judge(comparison, parseCondition(text)));
  const failed = tell(judgements, "failed");
  if (failed !== "") return { verdict: "failed", found: failed, experiment: id };
  const undecided = tell(judgements, "undecided");
  if (undecided !== "") return inconclusive(undecided, id);
  return { verdict: "passed", found: tell(judgements, "passed"), experiment: id };
}

/** Begins the gate's experiment, waits for it, and compares it with the baseline: a step further each time. */
export async function judgeByExperiment(
  parts: Parts,
  rollout: RolloutRecord,
  placed: Placed,
): Promise<GateFinding> {
  const id = gateExperimentId(rollout.id, placed.position);
  const experiment = await parts.store.reads.experiments.find(id);
  if (experiment === undefined) return begin(parts, rollout, placed);
  if (experiment.createdAtMs < rollout.createdAtMs) {
    return inconclusive(`experiment ${id} is older than the rollout; swy bench delete ${id}`, id);
  }
  const { state, stateReason, endedAtMs, failure } = experiment;
  if (endedAtMs === undefined) {
    const before = rollout.gates.find(({ position }) => position === placed.position);
    return { verdict: "pending", found: before?.found ?? "measures", experiment: id };
  }
  if (state === "succeeded") return conclude(parts, experiment, placed.gate);
  return inconclusive(`experiment ${id} ended as ${state}: ${failure?.message ?? stateReason}`, id);
}
