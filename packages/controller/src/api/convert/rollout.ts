import type {
  LabelSelector,
  RolloutHostState,
  RolloutSpec,
  RolloutState,
  RolloutStrategy,
  RolloutVmPolicy,
} from "@switchyard/model";
import {
  RolloutHostState as ProtoHostState,
  type RolloutSpec as ProtoSpec,
  RolloutState as ProtoState,
  type RolloutStrategy as ProtoStrategy,
  RolloutVmPolicy as ProtoVmPolicy,
  type Rollout,
  type RolloutHost,
  type RolloutProfile,
} from "@switchyard/proto";
import type { RolloutHostRecord, RolloutProfileRecord, RolloutRecord } from "@switchyard/store";
import { canRollBack } from "../rollouts/roll-back.ts";
import { hostName, jobName, profileName, rolloutName } from "../validation/names.ts";
import { toProtoDuration } from "./duration.ts";
import { toProtoFailure } from "./job-event.ts";
import { toProtoGate, toProtoGateOutcome } from "./rollout-gate.ts";

const STATE = {
  running: ProtoState.RUNNING,
  soaking: ProtoState.SOAKING,
  paused: ProtoState.PAUSED,
  halted: ProtoState.HALTED,
  "rolling-back": ProtoState.ROLLING_BACK,
  succeeded: ProtoState.SUCCEEDED,
  "rolled-back": ProtoState.ROLLED_BACK,
  aborted: ProtoState.ABORTED,
  failed: ProtoState.FAILED,
} as const satisfies Readonly<Record<RolloutState, ProtoState>>;

const HOST_STATE = {
  waiting: ProtoHostState.WAITING,
  running: ProtoHostState.RUNNING,
  verifying: ProtoHostState.VERIFYING,
  updated: ProtoHostState.UPDATED,
  unchanged: ProtoHostState.UNCHANGED,
  failed: ProtoHostState.FAILED,
  "rolling-back": ProtoHostState.ROLLING_BACK,
  "rolled-back": ProtoHostState.ROLLED_BACK,
  stuck: ProtoHostState.STUCK,
} as const satisfies Readonly<Record<RolloutHostState, ProtoHostState>>;

const VM_POLICY = {
  refuse: ProtoVmPolicy.REFUSE,
  stop: ProtoVmPolicy.STOP,
  drain: ProtoVmPolicy.DRAIN,
} as const satisfies Readonly<Record<RolloutVmPolicy, ProtoVmPolicy>>;

function toProtoStrategy(strategy: RolloutStrategy): ProtoStrategy {
  const { maxUnavailable: limit, soakMs, window, domain, gates = [] } = strategy;
  return {
    canaryCount: strategy.canaryCount,
    waveCount: strategy.waveCount,
    maxUnavailableCount: limit.kind === "count" ? limit.count : 0,
    maxUnavailablePercent: limit.kind === "percent" ? limit.percent : 0,
    soak: toProtoDuration(soakMs),
    failureBudget: strategy.failureBudget,
    autoRollBack: strategy.isRolledBackOnHalt,
    window: window && { ...window },
    vmPolicy: VM_POLICY[strategy.vmPolicy],
    domainLabel: domain?.label ?? "",
    domainMaxUnavailable: domain?.maxUnavailable ?? 0,
    gates: gates.map(toProtoGate),
  };
}

/** The only one of several, for clients that know of one. */
const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

const toProtoSpec = (spec: RolloutSpec): ProtoSpec => {
  const { profiles, selector, isWholeFleet = false, change, strategy } = spec;
  const names = profiles.map(profileName.format);
  return {
    profile: only(names) ?? "",
    profiles: names,
    allHosts: isWholeFleet,
    selector: { ...(selector as LabelSelector) },
    change: { hwOffload: change.hwOffload, rebootReason: change.rebootReason ?? "" },
    strategy: toProtoStrategy(strategy),
  };
};

const toProtoProfile = (record: RolloutProfileRecord): RolloutProfile => ({
  profile: profileName.format(record.profile),
  beforeGeneration: BigInt(record.beforeGeneration),
  targetGeneration: BigInt(record.targetGeneration),
  provenGeneration: BigInt(record.provenGeneration ?? 0),
  backGeneration: BigInt(record.backGeneration ?? 0),
  changes: record.changes.map((change) => ({ ...change })),
  waveHostCounts: [...record.waveHostCounts],
  outsideHostCount: record.outsideHostCount,
  outsideHosts: record.outsideHosts.map(hostName.format),
});

/** That its hosts are at once it is done. */
const generationOf = ({ backGeneration, targetGeneration }: RolloutProfileRecord): number =>
  backGeneration ?? targetGeneration;

const dateOf = (ms: number | undefined): Date | undefined =>
  ms === undefined ? undefined : new Date(ms);

export function toProtoRollout(rollout: RolloutRecord): Rollout {
  const { counts, signalAtMs, haltedAtMs, blastRadius } = rollout;
  return {
    name: rolloutName.format(rollout.id),
    uid: rollout.uid,
    etag: rollout.etag,
    createTime: new Date(rollout.createdAtMs),
    spec: toProtoSpec(rollout.spec),
    state: STATE[rollout.state],
    stateReason: rollout.stateReason,
    wave: rollout.wave,
    waveCount: rollout.waveCount,
    soakEndTime: dateOf(rollout.soakUntilMs),
    endTime: dateOf(rollout.endedAtMs),
    targetGeneration: BigInt(only(rollout.profiles.map(generationOf)) ?? 0),
    profiles: rollout.profiles.map(toProtoProfile),
    hostsWithoutProfile: rollout.hostsWithoutProfile,
    canRollBack: canRollBack(rollout),
    counts: {
      waiting: counts.waiting,
      underWay: counts.running + counts.verifying + counts["rolling-back"],
      updated: counts.updated,
      unchanged: counts.unchanged,
      failed: counts.failed + counts.stuck,
      rolledBack: counts["rolled-back"],
    },
    halt:
      haltedAtMs === undefined
        ? undefined
        : { signalTime: dateOf(signalAtMs), haltTime: new Date(haltedAtMs), blastRadius },
    gates: rollout.gates.map(toProtoGateOutcome),
    hold: rollout.hold,
  };
}

export const toProtoRolloutHost = (host: RolloutHostRecord): RolloutHost => ({
  host: hostName.format(host.host),
  profile: profileName.format(host.profile),
  wave: host.wave,
  hardwareClass: host.hardwareClass,
  state: HOST_STATE[host.state],
  job: host.job === undefined ? "" : jobName.format(host.job),
  failure: host.failure && toProtoFailure(host.failure),
  proof: host.proof,
  emptied: host.isEmptied,
});
