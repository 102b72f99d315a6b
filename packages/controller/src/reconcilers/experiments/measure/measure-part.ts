import { type ExperimentId, LATENCY_PING_INTERVAL_MS, SwitchyardError } from "@switchyard/model";
import type { ExperimentRecord, Transaction } from "@switchyard/store";
import { failureOf } from "../../../api/jobs/failure-of.ts";
import { restore } from "../advance.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "../parts.ts";
import { measureBaseline } from "./baseline.ts";
import { readPair } from "./guests.ts";
import { measureRound } from "./round.ts";

/** What is measured next: what comes before the rounds, or one of them. */
export type MeasuredPart =
  | { readonly kind: "baseline" }
  | { readonly kind: "round"; readonly round: number };

/** What fails as often as this fails for a reason. */
const TRIES_MAX = 3;
/** A way to a host breaks now and then. That the host is lost, or that it takes too long, is decided elsewhere. */
const PASSING: readonly SwitchyardError["reason"][] = [
  "HOST_UNREACHABLE",
  "SESSION_LOST",
  "BUS_UNAVAILABLE",
  "DATABASE_UNAVAILABLE",
];
const RETRY_PAUSE_MS = 2_000;
/** Programs end a little after what they were told. */
const QUIET_EXTRA_MS = 5_000;

const quietAfterMs = ({ spec }: ExperimentRecord): number =>
  Math.max(spec.durationMs, spec.warmUpMs) +
  spec.pingCount * LATENCY_PING_INTERVAL_MS +
  QUIET_EXTRA_MS;

/** Does the work where the experiment still measures the same mode, and is this controller's. */
async function whileMeasuring(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  work: (tx: Transaction, id: ExperimentId) => Promise<void>,
): Promise<void> {
  const { id, modeIndex } = experiment;
  await parts.store.transaction({ actor: EXPERIMENT_ACTOR }, async (tx) => {
    const now = await tx.experiments.lockHeld(id, parts.holder);
    if (now?.state === "measuring" && now.modeIndex === modeIndex) await work(tx, id);
  });
}

async function measureOnce(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  { part, signal }: { readonly part: MeasuredPart; readonly signal: AbortSignal },
): Promise<void> {
  const mode = experiment.modeOrder[experiment.modeIndex]!; // measured while it is under way
  const quietAtMs = parts.clock.nowMs() + quietAfterMs(experiment);
  await whileMeasuring(parts, experiment, (tx, id) => tx.experiments.setQuiet(id, quietAtMs));
  const pair = await readPair(parts, experiment);
  if (part.kind === "baseline") {
    const baseline = await measureBaseline(parts, experiment, { pair, signal });
    await whileMeasuring(parts, experiment, (tx, id) =>
      tx.experiments.setBaseline(id, mode, baseline),
    );
    return;
  }
  const { round } = part;
  const { reading, output } = await measureRound(parts, experiment, { pair, round, signal });
  await whileMeasuring(parts, experiment, (tx, id) => tx.experiments.addRound(id, reading, output));
}

/** Measures one part and keeps it; tools that fail again and again fail the experiment. */
export async function measurePart(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  wanted: { readonly part: MeasuredPart; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = wanted;
  let tries = 0;
  for (;;) {
    try {
      await measureOnce(parts, experiment, wanted);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SwitchyardError)) throw error;
      if (!PASSING.includes(error.reason)) tries += 1;
      parts.log.warn({ err: error, experiment: experiment.id, tries }, "a round was not measured");
      if (tries >= TRIES_MAX) {
        await whileMeasuring(parts, experiment, (tx) =>
          restore(tx, experiment, {
            outcome: "failed",
            failure: failureOf(error),
            nowMs: parts.clock.nowMs(),
          }),
        );
        return;
      }
      await parts.clock.sleep(RETRY_PAUSE_MS, signal);
      if (signal.aborted) return;
    }
  }
}
