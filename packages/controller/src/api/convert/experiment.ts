import type {
  ExperimentMode,
  ExperimentRound,
  ExperimentSpec,
  ExperimentState,
  PowerSource,
  ThroughputReading,
} from "@switchyard/model";
import {
  type Experiment,
  type ExperimentResult,
  ExperimentMode as ProtoMode,
  PowerSource as ProtoPowerSource,
  type ExperimentRound as ProtoRound,
  type ExperimentSpec as ProtoSpec,
  ExperimentState as ProtoState,
  type ThroughputReading as ProtoThroughput,
} from "@switchyard/proto";
import type { ExperimentRecord } from "@switchyard/store";
import { pairOf } from "../experiments/pair.ts";
import { experimentName, hostName, imageName, networkName, vmName } from "../validation/names.ts";
import { toProtoDuration } from "./duration.ts";
import { HOST_KIND } from "./enums.ts";
import { toProtoFailure } from "./job-event.ts";

export const EXPERIMENT_MODE: Readonly<Record<ExperimentMode, ProtoMode>> = {
  sriov: ProtoMode.SRIOV,
  vdpa: ProtoMode.VDPA,
  "vdpa-sw": ProtoMode.VDPA_SW,
};

const STATE: Readonly<Record<ExperimentState, ProtoState>> = {
  switching: ProtoState.SWITCHING,
  starting: ProtoState.STARTING,
  measuring: ProtoState.MEASURING,
  clearing: ProtoState.CLEARING,
  restoring: ProtoState.RESTORING,
  succeeded: ProtoState.SUCCEEDED,
  failed: ProtoState.FAILED,
  cancelled: ProtoState.CANCELLED,
};

const POWER_SOURCE: Readonly<Record<PowerSource, ProtoPowerSource>> = {
  rapl: ProtoPowerSource.RAPL,
  ipmi: ProtoPowerSource.IPMI,
  redfish: ProtoPowerSource.REDFISH,
};

const toProtoSpec = (spec: ExperimentSpec, seed: number): ProtoSpec => ({
  modes: spec.modes.map((mode) => EXPERIMENT_MODE[mode]),
  hosts: spec.hosts.map(hostName.format),
  network: networkName.format(spec.network),
  image: imageName.format(spec.image),
  vm: {
    vcpuCount: spec.vm.vcpuCount,
    memoryBytes: BigInt(spec.vm.memoryBytes),
    queuePairs: spec.vm.queuePairs,
  },
  roundCount: spec.roundCount,
  duration: toProtoDuration(spec.durationMs),
  warmUp: toProtoDuration(spec.warmUpMs),
  idle: toProtoDuration(spec.idleMs),
  streamCount: spec.streamCount,
  pingCount: spec.pingCount,
  allowOtherVms: spec.allowsOtherVms,
  seed: BigInt(seed),
});

/** The mode under way; undefined once the last is done. */
function modeOf({ state, modeOrder, modeIndex, outcome }: ExperimentRecord) {
  const isUnderWay = outcome === undefined && state !== "restoring";
  return isUnderWay ? modeOrder[modeIndex] : undefined;
}

export function toProtoExperiment(experiment: ExperimentRecord): Experiment {
  const { id, spec, state, endedAtMs, failure, modeOrder } = experiment;
  const mode = modeOf(experiment);
  const hasPair = state === "measuring" || state === "starting" || state === "clearing";
  return {
    name: experimentName.format(id),
    uid: experiment.uid,
    etag: experiment.etag,
    createTime: new Date(experiment.createdAtMs),
    spec: toProtoSpec(spec, experiment.seed),
    state: STATE[state],
    stateReason: experiment.stateReason,
    endTime: endedAtMs === undefined ? undefined : new Date(endedAtMs),
    ground: HOST_KIND[experiment.ground],
    seed: BigInt(experiment.seed),
    modeOrder: modeOrder.map((each) => EXPERIMENT_MODE[each]),
    mode: mode === undefined ? ProtoMode.UNSPECIFIED : EXPERIMENT_MODE[mode],
    roundsDone: experiment.roundsDone,
    roundsTotal: spec.roundCount * modeOrder.length,
    failure: failure && toProtoFailure(failure),
    vms: hasPair ? pairOf(experiment).map(({ vm }) => vmName.format(vm)) : [],
  };
}

const toProtoThroughput = (reading: ThroughputReading): ProtoThroughput => ({
  tool: reading.tool,
  bitsPerSecond: reading.bitsPerSecond,
  intervalBitsPerSecond: [...reading.bitsPerSecondOfIntervals],
  sizeBytes: BigInt(Math.round(reading.bytes)),
  seconds: reading.seconds,
  streamCount: reading.streamCount,
  retransmitCount: BigInt(reading.retransmits),
});

const toProtoRound = (reading: ExperimentRound): ProtoRound => ({
  mode: EXPERIMENT_MODE[reading.mode],
  round: reading.round,
  startTime: new Date(reading.startedAtMs),
  throughput: toProtoThroughput(reading.throughput),
  latency: reading.latency && {
    tool: reading.latency.tool,
    sentCount: reading.latency.sent,
    receivedCount: reading.latency.received,
    roundTripMicros: [...reading.latency.roundTripMicros],
  },
  cpu: reading.cpu.map(({ host, busyThreads }) => ({ host: hostName.format(host), busyThreads })),
  power: reading.power.map(({ host, source, ...figures }) => ({
    ...figures,
    host: hostName.format(host),
    source: POWER_SOURCE[source],
  })),
  offload: (reading.offload ?? []).map(({ host, isProven, found }) => ({
    host: hostName.format(host),
    proven: isProven,
    found,
  })),
});

export const toProtoResult = (
  experiment: ExperimentRecord,
  rounds: readonly ExperimentRound[],
): ExperimentResult => ({
  experiment: experimentName.format(experiment.id),
  ground: HOST_KIND[experiment.ground],
  startTime: new Date(experiment.createdAtMs),
  endTime: experiment.endedAtMs === undefined ? undefined : new Date(experiment.endedAtMs),
  environment: experiment.environment.map(({ host, facts }) => ({
    host: hostName.format(host),
    facts: { ...facts },
  })),
  rounds: rounds.map(toProtoRound),
});
