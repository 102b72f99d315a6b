import {
  formatGate,
  type GateOutcome,
  type RolloutGate,
  type RolloutStrategy,
} from "@switchyard/model";
import type { RolloutDecision } from "./decide-rollout.ts";
import type { GateView } from "./rollout-view.ts";

/** An experiment needs the canary; a metric needs hosts without the change. */
const guards = (gate: RolloutGate, wave: number, waveCount: number): boolean =>
  gate.kind === "experiment" ? wave === 1 : wave < waveCount;

/** The gates that guard the end of a wave, with what is known of each. */
export const gatesOf = (
  { gates = [] }: RolloutStrategy,
  outcomes: readonly GateOutcome[],
  { wave, waveCount }: { readonly wave: number; readonly waveCount: number },
): readonly GateView[] =>
  gates.flatMap((gate, position): readonly GateView[] => {
    if (!guards(gate, wave, waveCount)) return [];
    const outcome = outcomes.find((each) => each.wave === wave && each.position === position);
    return [
      {
        ...{ position, title: formatGate(gate), verdict: outcome?.verdict ?? "unjudged" },
        found: outcome?.found ?? "",
        isAccepted: outcome?.isAccepted === true,
      },
    ];
  });

const texts = (gates: readonly GateView[]): string =>
  gates.map(({ title, found }) => `${title}: ${found}`).join("; ");

/** What gates make of a wave that has soaked; undefined where they let the next begin. */
export function decideGates(gates: readonly GateView[]): RolloutDecision | undefined {
  const open = gates.filter(({ isAccepted }) => !isAccepted);
  const having = (...verdicts: readonly GateView["verdict"][]) =>
    open.filter(({ verdict }) => verdicts.includes(verdict));
  const failed = having("failed");
  if (failed.length > 0) return { kind: "halt", why: texts(failed) };
  const unjudged = having("unjudged", "pending");
  if (unjudged.length > 0) {
    return { kind: "judge", gates: unjudged.map(({ position }) => position) };
  }
  const unclear = having("inconclusive");
  return unclear.length > 0 ? { kind: "pause", why: texts(unclear) } : undefined;
}
