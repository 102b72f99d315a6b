import { DispatchError, type ModeBaseline, reachPing } from "@switchyard/model";
import { judgeOffload } from "@switchyard/planner";
import type { ExperimentRecord } from "@switchyard/store";
import { diagnose } from "../../../api/diagnosis/diagnose.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "../parts.ts";
import { hostsOf, type MeasuredPair, runProgram } from "./guests.ts";
import { readLoads } from "./load.ts";
import { measureThroughput } from "./throughput.ts";

/** Guests have their addresses when they run; switches may still have to learn where they are. */
const REACH_MS = 60_000;
const REACH_PAUSE_MS = 500;
/** Enough for the first packet, which software handles, and those after it. */
const PROOF_PINGS = 5;

/** @throws DispatchError MEASUREMENT_FAILED */
async function awaitReach(
  parts: ExperimentParts,
  { sender, receiver }: MeasuredPair,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = parts;
  const endMs = clock.monotonicMs() + REACH_MS + sender.patienceMs;
  const argv = reachPing(receiver.address);
  for (;;) {
    const program = { guest: sender, argv, timeoutMs: sender.patienceMs };
    const { exitCode, stdout, stderr } = await runProgram(parts, program, signal);
    if (exitCode === 0) return;
    if (clock.monotonicMs() > endMs) {
      throw new DispatchError(
        "MEASUREMENT_FAILED",
        `${sender.vm} does not reach ${receiver.vm} at ${receiver.address}`,
        { found: (stderr || stdout).trim().slice(-300), needs: "a reply" },
      );
    }
    await clock.sleep(REACH_PAUSE_MS, signal);
  }
}

async function warmUp(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  { pair, signal }: { readonly pair: MeasuredPair; readonly signal: AbortSignal },
): Promise<void> {
  const { warmUpMs, streamCount } = experiment.spec;
  if (warmUpMs > 0) {
    const run = { durationMs: warmUpMs, streamCount, pair, onBegin: () => undefined };
    await measureThroughput(parts, run, signal);
    return;
  }
  const argv = ["ping", "-c", String(PROOF_PINGS), pair.receiver.address] as const;
  const program = { guest: pair.sender, argv, timeoutMs: pair.sender.patienceMs };
  await runProgram(parts, program, signal);
}

/**
 * What is seen before the first round of a mode: the hosts without load, then, after a run that is thrown away,
 * whether the card carries its flows.
 *
 * @throws DispatchError MEASUREMENT_FAILED, HOST_UNREACHABLE, SESSION_LOST and what the guest agent answered
 */
export async function measureBaseline(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  { pair, signal }: { readonly pair: MeasuredPair; readonly signal: AbortSignal },
): Promise<ModeBaseline> {
  const { spec, modeOrder, modeIndex } = experiment;
  const hosts = hostsOf(pair).map(({ host }) => host);
  await awaitReach(parts, pair, signal);
  const loads =
    spec.idleMs === 0 ? [] : await readLoads(parts, hosts, { spanMs: spec.idleMs, signal });
  await warmUp(parts, experiment, { pair, signal });
  const isOfCard = modeOrder[modeIndex] === "vdpa";
  const offload = [];
  for (const id of isOfCard ? hosts : []) {
    const { results } = await diagnose(parts, parts.readFleet, { id, actor: EXPERIMENT_ACTOR });
    offload.push(judgeOffload(id, results));
  }
  return {
    idle: loads.flatMap(({ host, power }) =>
      power.map(({ source, joules, seconds }) => ({ host, source, watts: joules / seconds })),
    ),
    offload,
  };
}
