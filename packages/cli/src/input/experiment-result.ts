import {
  ExperimentMode,
  type ExperimentResult,
  type ExperimentRound,
  HostKind,
  PowerSource,
} from "@switchyard/client";
import {
  EXPERIMENT_MODES,
  type ExperimentResult as ModelResult,
  type ExperimentRound as ModelRound,
  type PowerReading,
  parseHostId,
} from "@switchyard/model";
import { enumWord, shortName } from "../output/values.ts";
import { UsageError } from "../usage-error.ts";

const SOURCES: readonly PowerReading["source"][] = ["rapl", "ipmi", "redfish"];
const GROUNDS: readonly ModelResult["ground"][] = ["real", "lab", "simulated"];

/** A word of the API that this release knows. @throws UsageError: the controller is newer */
function known<Word extends string>(words: readonly Word[], word: string): Word {
  const found = words.find((each) => each === word);
  if (found !== undefined) return found;
  throw new UsageError(`the controller says "${word}", which this release of swy does not know`);
}

const hostOf = (name: string) => parseHostId(shortName(name));
const msOf = (time: Date | undefined): number => time?.getTime() ?? 0;

function toRound(round: ExperimentRound): ModelRound {
  const { throughput, latency } = round;
  return {
    mode: known(EXPERIMENT_MODES, enumWord(ExperimentMode, round.mode)),
    round: round.round,
    startedAtMs: msOf(round.startTime),
    throughput: {
      tool: throughput?.tool ?? "",
      bitsPerSecond: throughput?.bitsPerSecond ?? 0,
      bitsPerSecondOfIntervals: throughput?.intervalBitsPerSecond ?? [],
      bytes: Number(throughput?.sizeBytes ?? 0n),
      seconds: throughput?.seconds ?? 0,
      streamCount: throughput?.streamCount ?? 0,
      retransmits: Number(throughput?.retransmitCount ?? 0n),
    },
    latency: latency && {
      tool: latency.tool,
      sent: latency.sentCount,
      received: latency.receivedCount,
      roundTripMicros: latency.roundTripMicros,
    },
    cpu: round.cpu.map(({ host, busyThreads }) => ({ host: hostOf(host), busyThreads })),
    power: round.power.map(({ host, source, joules, seconds, idleWatts }) => ({
      host: hostOf(host),
      source: known(SOURCES, enumWord(PowerSource, source)),
      joules,
      seconds,
      idleWatts,
    })),
    ...(round.offload.length > 0 && {
      offload: round.offload.map(({ host, proven, found }) => ({
        host: hostOf(host),
        isProven: proven,
        found,
      })),
    }),
  };
}

/** The API's answer as the analysis takes it. One that has not ended ends with its last round. */
export function toResult(result: ExperimentResult): ModelResult {
  const rounds = result.rounds.map(toRound);
  const startedAtMs = msOf(result.startTime);
  const lastMs = Math.max(startedAtMs, ...rounds.map((round) => round.startedAtMs));
  return {
    experiment: shortName(result.experiment),
    ground: known(GROUNDS, enumWord(HostKind, result.ground)),
    startedAtMs,
    endedAtMs: result.endTime?.getTime() ?? lastMs,
    environment: result.environment.map(({ host, facts }) => ({ host: hostOf(host), facts })),
    rounds,
  };
}
