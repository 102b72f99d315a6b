import {
  EXPERIMENT_MODES,
  type ExperimentMode,
  type ExperimentSpec,
  type ExperimentVmSpec,
  type HostId,
  LIMITS_OF_EXPERIMENT as LIMITS,
  type NetworkId,
} from "@switchyard/model";
import type { ExperimentSpec as ProtoSpec, ExperimentVm as ProtoVm } from "@switchyard/proto";
import { fromProtoDuration } from "../convert/duration.ts";
import { wordOf } from "../convert/enums.ts";
import { EXPERIMENT_MODE } from "../convert/experiment.ts";
import { checkInteger, readCount } from "./fields.ts";
import { hostName, imageName, networkName } from "./names.ts";
import type { Violations } from "./violations.ts";

/** An experiment as it was asked for: the network may be the only one there is, the seed one by chance. */
export type AskedExperiment = Omit<ExperimentSpec, "network"> & {
  readonly network: NetworkId | undefined;
  readonly seed: number | undefined;
};

const SEED_MAX = 2 ** 32 - 1;
const MEMORY_BYTES_MIN = 16 * 1024 ** 2;
const MEMORY_BYTES_MAX = 2 ** 44;
const VCPUS_MAX = 255;
const QUEUE_PAIRS_MAX = 32;

/** iperf3 takes whole seconds. */
function readSpan(
  violations: Violations,
  field: string,
  span: {
    readonly value: ProtoSpec["duration"];
    readonly byDefault: number;
    readonly min: number;
    readonly max: number;
  },
): number {
  const { value, byDefault, min, max } = span;
  if (value === undefined) return byDefault;
  const ms = fromProtoDuration(value);
  violations.check(
    ms >= min && ms <= max && ms % 1000 === 0,
    field,
    `must be ${min / 1000} s to ${max / 1000} s, in whole seconds`,
  );
  return ms;
}

function readModes(modes: ProtoSpec["modes"], violations: Violations): readonly ExperimentMode[] {
  if (modes.length === 0) return EXPERIMENT_MODES;
  const words = modes.map((mode) => wordOf(EXPERIMENT_MODE, mode));
  for (const [at, word] of words.entries()) {
    violations.check(
      word !== undefined && words.indexOf(word) === at,
      `modes[${at}]`,
      "must be sriov, vdpa or vdpa-sw, each once",
    );
  }
  return words.flatMap((word) => word ?? []);
}

function readHosts(hosts: readonly string[], violations: Violations): readonly HostId[] {
  const max = LIMITS.hostsMax;
  violations.check(hosts.length >= 1 && hosts.length <= max, "hosts", `must be one or ${max}`);
  const ids = hosts
    .slice(0, max)
    .map((host, at) => violations.parse(`hosts[${at}]`, host, hostName.parse));
  violations.check(new Set(hosts).size === hosts.length, "hosts", "must be named once each");
  return ids.flatMap((id) => id ?? []);
}

function readVm(vm: ProtoVm | undefined, violations: Violations): ExperimentVmSpec {
  const { vcpuCount = 0, memoryBytes = 0n, queuePairs = 0 } = vm ?? {};
  const memory = Number(memoryBytes) || LIMITS.memoryBytesDefault;
  violations.check(
    memory >= MEMORY_BYTES_MIN && memory <= MEMORY_BYTES_MAX && memory % 1024 ** 2 === 0,
    "memory_bytes",
    "must be at least 16 MiB, in whole MiB",
  );
  const vcpus = readCount(violations, "vcpu_count", {
    value: vcpuCount,
    byDefault: LIMITS.vcpusDefault,
    max: VCPUS_MAX,
  });
  checkInteger(violations, "queue_pairs", { value: queuePairs, min: 0, max: QUEUE_PAIRS_MAX });
  violations.check(queuePairs <= vcpus, "queue_pairs", `is more than ${vcpus} vCPUs can use`);
  return { vcpuCount: vcpus, memoryBytes: memory, queuePairs };
}

function readSeed(seed: bigint | undefined, violations: Violations): number | undefined {
  if (seed === undefined) return undefined;
  checkInteger(violations, "seed", { value: Number(seed), min: 0, max: SEED_MAX });
  return Number(seed);
}

function readTimes(spec: ProtoSpec, violations: Violations) {
  return {
    durationMs: readSpan(violations, "duration", {
      value: spec.duration,
      byDefault: LIMITS.durationMsDefault,
      min: LIMITS.durationMsMin,
      max: LIMITS.durationMsMax,
    }),
    warmUpMs: readSpan(violations, "warm_up", {
      value: spec.warmUp,
      byDefault: LIMITS.warmUpMsDefault,
      min: 0,
      max: LIMITS.warmUpMsMax,
    }),
    idleMs: readSpan(violations, "idle", {
      value: spec.idle,
      byDefault: LIMITS.idleMsDefault,
      min: 0,
      max: LIMITS.idleMsMax,
    }),
  };
}

function readPings({ pingCount }: ProtoSpec, violations: Violations): number {
  if (pingCount === undefined) return LIMITS.pingsDefault;
  checkInteger(violations, "ping_count", { value: pingCount, min: 0, max: LIMITS.pingsMax });
  return pingCount;
}

/** The experiment's spec as the model has it; undefined when a violation was added. */
export function readExperimentSpec(
  spec: ProtoSpec | undefined,
  violations: Violations,
): AskedExperiment | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  const modes = readModes(spec.modes, violations);
  const hosts = readHosts(spec.hosts, violations);
  const network =
    spec.network === "" ? undefined : violations.parse("network", spec.network, networkName.parse);
  const image = violations.parse("image", spec.image, imageName.parse);
  const asked = {
    ...{ modes, hosts, network },
    vm: readVm(spec.vm, violations.at("vm")),
    ...readTimes(spec, violations),
    roundCount: readCount(violations, "round_count", {
      value: spec.roundCount,
      byDefault: LIMITS.roundsDefault,
      max: LIMITS.roundsMax,
    }),
    streamCount: readCount(violations, "stream_count", {
      value: spec.streamCount,
      byDefault: LIMITS.streamsDefault,
      max: LIMITS.streamsMax,
    }),
    pingCount: readPings(spec, violations),
    allowsOtherVms: spec.allowOtherVms,
    seed: readSeed(spec.seed, violations),
  };
  return image && { ...asked, image };
}
