import type {
  GuestFacts,
  GuestFreeze,
  ObservedVm,
  VmState as RecordState,
} from "@switchyard/model";
import {
  type GuestFacts as ProtoGuestFacts,
  type GuestFreeze as ProtoGuestFreeze,
  type Vm,
  VmState,
} from "@switchyard/proto";
import type { VmRecord } from "@switchyard/store";
import { hostName, jobName, vmName } from "../validation/names.ts";
import { toProtoFailure } from "./job-event.ts";
import { toProtoAllocation, toProtoVmSpec } from "./vm-spec.ts";

const VM_STATE: Readonly<Record<RecordState, VmState>> = {
  starting: VmState.STARTING,
  running: VmState.RUNNING,
  deleting: VmState.DELETING,
  failed: VmState.FAILED,
  stopping: VmState.STOPPING,
  stopped: VmState.STOPPED,
  moving: VmState.MOVING,
  lost: VmState.LOST,
};

/** @param seen what its host last saw of the guest */
export const toProtoVm = (
  vm: VmRecord,
  { guest, freeze }: Pick<ObservedVm, "guest" | "freeze"> = {},
): Vm => ({
  name: vmName.format(vm.id),
  uid: vm.uid,
  etag: vm.etag,
  homeHost: vm.homeHost === undefined ? "" : hostName.format(vm.homeHost),
  generation: BigInt(vm.generation),
  createTime: new Date(vm.createdAtMs),
  spec: toProtoVmSpec(vm.spec),
  state: VM_STATE[vm.state],
  allocation: toProtoAllocation(vm.allocation, vm.hostKind),
  job: vm.job === undefined ? "" : jobName.format(vm.job),
  failure: vm.failure && toProtoFailure(vm.failure),
  stateReason: vm.stateReason ?? "",
  placement: undefined,
  guest: guest && toProtoGuest(guest),
  freeze: freeze && toProtoFreeze(freeze),
});

const toProtoFreeze = ({ fileSystemCount, thawAtMs }: GuestFreeze): ProtoGuestFreeze => ({
  fileSystemCount,
  thawTime: new Date(thawAtMs),
});

const toProtoGuest = ({ netdevs, ...facts }: GuestFacts): ProtoGuestFacts => ({
  ...facts,
  netdevs: netdevs.map((each) => ({ ...each, addresses: [...each.addresses] })),
});
