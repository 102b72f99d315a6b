import type {
  AffinityRule as ModelAffinityRule,
  DatapathMode as ModelDatapathMode,
  Disruption as ModelDisruption,
  GuardOutcome as ModelGuardOutcome,
  HostKind as ModelHostKind,
  JobKind as ModelJobKind,
  JobState as ModelJobState,
  NicKind as ModelNicKind,
  NumaPolicy as ModelNumaPolicy,
  PlacementPolicy as ModelPolicy,
  FindingSeverity as ModelSeverity,
  VmRuntimeKind,
} from "@switchyard/model";
import {
  AffinityKind,
  DatapathMode,
  Disruption,
  FindingSeverity,
  GuardOutcome,
  HostKind,
  JobKind,
  JobState,
  NicKind,
  NumaPolicy,
  PlacementPolicy,
  VmRuntime,
} from "@switchyard/proto";

/** Tables from the model's words to the proto's numbers; a missing word does not compile. */
export const HOST_KIND: Readonly<Record<ModelHostKind, HostKind>> = {
  real: HostKind.REAL,
  lab: HostKind.LAB,
  simulated: HostKind.SIMULATED,
};

export const DATAPATH_MODE: Readonly<Record<ModelDatapathMode, DatapathMode>> = {
  vdpa: DatapathMode.VDPA,
  sriov: DatapathMode.SRIOV,
};

export const VM_RUNTIME: Readonly<Record<VmRuntimeKind, VmRuntime>> = {
  qemu: VmRuntime.QEMU,
  libvirt: VmRuntime.LIBVIRT,
};

export const NIC_KIND: Readonly<Record<ModelNicKind, NicKind>> = {
  vdpa: NicKind.VDPA,
  sriov: NicKind.SRIOV,
};

export const NUMA_POLICY: Readonly<Record<ModelNumaPolicy, NumaPolicy>> = {
  any: NumaPolicy.ANY,
  preferred: NumaPolicy.PREFERRED,
  required: NumaPolicy.REQUIRED,
};

export const PLACEMENT_POLICY: Readonly<Record<ModelPolicy, PlacementPolicy>> = {
  spread: PlacementPolicy.SPREAD,
  pack: PlacementPolicy.PACK,
};

export const AFFINITY_KIND: Readonly<Record<ModelAffinityRule["kind"], AffinityKind>> = {
  together: AffinityKind.TOGETHER,
  apart: AffinityKind.APART,
};

export const SEVERITY: Readonly<Record<ModelSeverity, FindingSeverity>> = {
  warning: FindingSeverity.WARNING,
  error: FindingSeverity.ERROR,
};

export const DISRUPTION: Readonly<Record<ModelDisruption, Disruption>> = {
  none: Disruption.NONE,
  datapath: Disruption.DATAPATH,
  "ovs-restart": Disruption.OVS_RESTART,
  reboot: Disruption.REBOOT,
};

export const JOB_KIND: Readonly<Record<ModelJobKind, JobKind>> = {
  "apply-host": JobKind.APPLY_HOST,
  "start-vm": JobKind.START_VM,
  "stop-vm": JobKind.STOP_VM,
  "reboot-vm": JobKind.REBOOT_VM,
  "delete-vm": JobKind.DELETE_VM,
  "ping-vm": JobKind.PING_VM,
  "fetch-image": JobKind.FETCH_IMAGE,
  "seal-vm": JobKind.SEAL_VM,
  "receive-vm": JobKind.RECEIVE_VM,
  "clear-vm": JobKind.CLEAR_VM,
  "await-vm": JobKind.AWAIT_VM,
  "migrate-vm": JobKind.MIGRATE_VM,
  "resume-vm": JobKind.RESUME_VM,
  "keep-vm": JobKind.KEEP_VM,
  "fence-host": JobKind.FENCE_HOST,
  noop: JobKind.NOOP,
};

export const JOB_STATE: Readonly<Record<ModelJobState, JobState>> = {
  pending: JobState.PENDING,
  accepted: JobState.ACCEPTED,
  running: JobState.RUNNING,
  succeeded: JobState.SUCCEEDED,
  failed: JobState.FAILED,
  "needs-operator": JobState.NEEDS_OPERATOR,
  cancelled: JobState.CANCELLED,
  expired: JobState.EXPIRED,
};

export const GUARD_OUTCOME: Readonly<Record<ModelGuardOutcome, GuardOutcome>> = {
  confirmed: GuardOutcome.CONFIRMED,
  lost: GuardOutcome.LOST,
  restored: GuardOutcome.RESTORED,
  silent: GuardOutcome.SILENT,
};

/** The model's word for a number of the wire; undefined for zero and for numbers of a newer release. */
export function wordOf<Word extends string>(
  table: Readonly<Record<Word, number>>,
  value: number,
): Word | undefined {
  return (Object.keys(table) as Word[]).find((word) => table[word] === value);
}
