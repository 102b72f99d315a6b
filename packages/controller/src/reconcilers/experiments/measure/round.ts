import {
  DispatchError,
  type ExperimentRound,
  LATENCY_PING_INTERVAL_MS,
  type LatencyReading,
  latencyPing,
  type ModeBaseline,
  type PowerReading,
  ROUND_OUTPUT_BYTES_MAX,
  type RoundOutput,
} from "@switchyard/model";
import { parsePingTimes } from "@switchyard/planner";
import type { ExperimentRecord } from "@switchyard/store";
import type { ExperimentParts } from "../parts.ts";
import { hostsOf, type MeasuredPair, runProgram } from "./guests.ts";
import { type LoadOfHost, readLoads } from "./load.ts";
import { measureThroughput } from "./throughput.ts";

/** A lost reply is waited for so long. */
const REPLY_MS = 10_000;

export interface MeasuredRound {
  readonly reading: ExperimentRound;
  readonly output: RoundOutput;
}

interface Wanted {
  readonly pair: MeasuredPair;
  readonly round: number;
  readonly signal: AbortSignal;
}

const cut = (text: string): string =>
  Buffer.byteLength(text) <= ROUND_OUTPUT_BYTES_MAX ? text : text.slice(0, ROUND_OUTPUT_BYTES_MAX);

async function measureLatency(
  parts: ExperimentParts,
  pingCount: number,
  { pair, signal }: Wanted,
): Promise<{ readonly latency: LatencyReading | undefined; readonly ping: string }> {
  if (pingCount === 0) return { latency: undefined, ping: "" };
  const argv = latencyPing(pair.receiver.address, pingCount);
  const { sender } = pair;
  const timeoutMs = pingCount * LATENCY_PING_INTERVAL_MS + REPLY_MS + sender.patienceMs;
  const program = { guest: sender, argv, timeoutMs };
  const { stdout, stderr } = await runProgram(parts, program, signal);
  const latency = parsePingTimes(stdout);
  if (!("error" in latency)) return { latency, ping: stdout };
  const found = `${latency.error} ${stderr}`.trim();
  throw new DispatchError("MEASUREMENT_FAILED", found, { found, needs: "a reply" });
}

const powerOf = (loads: readonly LoadOfHost[], { idle }: ModeBaseline): readonly PowerReading[] =>
  loads.flatMap(({ host, power }) =>
    power.map((reading) => ({
      host,
      ...reading,
      idleWatts: idle.find((each) => each.host === host && each.source === reading.source)?.watts,
    })),
  );

/** Load while the client runs: from when it sets out, as long as its run lasts. */
async function measureUnderLoad(
  parts: ExperimentParts,
  { spec: { durationMs, streamCount } }: ExperimentRecord,
  { pair, signal }: Wanted,
) {
  const hosts = hostsOf(pair).map(({ host }) => host);
  let loads: Promise<readonly LoadOfHost[]> = Promise.resolve([]);
  const onBegin = () => {
    loads = readLoads(parts, hosts, { spanMs: durationMs, signal });
    // Told below; until then it is nobody's.
    loads.catch(() => undefined);
  };
  const run = await measureThroughput(parts, { durationMs, streamCount, pair, onBegin }, signal);
  return { run, loads: await loads };
}

/**
 * One round: throughput with the hosts' load meanwhile, then latency.
 *
 * @throws DispatchError MEASUREMENT_FAILED, HOST_UNREACHABLE, SESSION_LOST and what the guest agent answered
 */
export async function measureRound(
  parts: ExperimentParts,
  experiment: ExperimentRecord,
  wanted: Wanted,
): Promise<MeasuredRound> {
  const { spec, modeOrder, modeIndex, baselines } = experiment;
  const mode = modeOrder[modeIndex]!; // measured while it is under way
  const baseline = baselines[mode] ?? { idle: [], offload: [] };
  const startedAtMs = parts.clock.nowMs();
  const { run, loads } = await measureUnderLoad(parts, experiment, wanted);
  const { latency, ping } = await measureLatency(parts, spec.pingCount, wanted);
  const reading: ExperimentRound = {
    ...{ mode, round: wanted.round, startedAtMs, latency },
    throughput: run.reading,
    cpu: loads.map(({ host, busyThreads }) => ({ host, busyThreads })),
    power: powerOf(loads, baseline),
    ...(mode === "vdpa" && { offload: baseline.offload }),
  };
  return {
    reading,
    output: { client: cut(run.client), server: cut(run.server), ping: cut(ping) },
  };
}
