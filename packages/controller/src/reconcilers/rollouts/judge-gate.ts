import type { GateOutcome, RolloutId } from "@switchyard/model";
import type { RolloutRecord } from "@switchyard/store";
import type { ApiParts } from "../../api/parts.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";
import { judgeByExperiment } from "./judge-by-experiment.ts";
import { judgeByMetric } from "./judge-by-metric.ts";

type Parts = Pick<ApiParts, "store" | "clock" | "random">;

/** What was found out about a gate. */
export type GateFinding = Pick<GateOutcome, "verdict" | "found" | "experiment">;

const isAsBefore = (finding: GateFinding, before: GateOutcome | undefined): boolean =>
  before?.verdict === finding.verdict && before.found === finding.found;

/** Still the wave that was looked at, and not gone on otherwise. */
const isSame = (now: RolloutRecord, { wave, soakUntilMs }: RolloutRecord): boolean =>
  now.state === "soaking" && now.wave === wave && now.soakUntilMs === soakUntilMs;

/** Looks at one gate of a wave that has soaked, and notes what was found. May run twice. */
export async function judgeGate(
  parts: Parts,
  { id, position }: { readonly id: RolloutId; readonly position: number },
): Promise<void> {
  const rollout = await parts.store.reads.rollouts.get(id);
  const gate = rollout.spec.strategy.gates?.[position];
  if (gate === undefined || rollout.state !== "soaking") return;
  const finding =
    gate.kind === "metric"
      ? await judgeByMetric(parts, rollout, gate)
      : await judgeByExperiment(parts, rollout, { gate, position });
  const { wave } = rollout;
  await parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    const now = await tx.rollouts.lock(id);
    const before = now.gates.find((each) => each.wave === wave && each.position === position);
    if (!isSame(now, rollout) || isAsBefore(finding, before)) return;
    await tx.rollouts.setGate(id, { wave, position, ...finding });
  });
}
