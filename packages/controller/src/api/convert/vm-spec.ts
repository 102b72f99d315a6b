import {
  type AffinityRule,
  type AllocatedNic,
  type Allocation,
  type BootSource,
  type GuestSetup,
  type HostKind,
  type NicSpec,
  runtimeOf,
  type VmSpec,
} from "@switchyard/model";
import {
  GuestSetupMethod,
  type AffinityRule as ProtoAffinityRule,
  type AllocatedNic as ProtoAllocatedNic,
  type Allocation as ProtoAllocation,
  type GuestSetup as ProtoGuestSetup,
  HostKind as ProtoHostKind,
  type NicSpec as ProtoNicSpec,
  NumaPolicy as ProtoNumaPolicy,
  type VmSpec as ProtoVmSpec,
} from "@switchyard/proto";
import { hostName, imageName, networkName } from "../validation/names.ts";
import {
  AFFINITY_KIND,
  HOST_KIND,
  NIC_KIND,
  NUMA_POLICY,
  PLACEMENT_POLICY,
  VM_RUNTIME,
} from "./enums.ts";

const toProtoGuestSetup = (setup: GuestSetup): ProtoGuestSetup => ({
  user: setup.user ?? "",
  sshKeys: [...setup.sshKeys],
  unmanagedNic: setup.isNicUnmanaged,
  developmentEmptyRootPassword: setup.hasEmptyRootPassword,
  method: setup.method === "disk-edit" ? GuestSetupMethod.DISK_EDIT : GuestSetupMethod.CLOUD_INIT,
});

function toProtoBoot(boot: BootSource): NonNullable<ProtoVmSpec["boot"]> {
  switch (boot.kind) {
    case "disk":
      return { $case: "disk", value: { path: boot.path, format: boot.format } };
    case "kernel": {
      const { kernelPath, initrdPath, commandLine } = boot;
      return { $case: "kernel", value: { kernelPath, initrdPath, commandLine } };
    }
    case "image": {
      const { image, diskBytes = 0, guestSetup } = boot;
      const value = {
        image: imageName.format(image),
        diskBytes: BigInt(diskBytes),
        guestSetup: guestSetup && toProtoGuestSetup(guestSetup),
      };
      return { $case: "image", value };
    }
  }
}

const toProtoNicSpec = (nic: NicSpec): ProtoNicSpec => ({
  network: networkName.format(nic.network),
  kind: NIC_KIND[nic.kind],
  queuePairs: nic.queuePairs,
  mac: nic.mac ?? "",
  address: nic.address ?? "",
});

const toProtoRule = ({ kind, strength, target }: AffinityRule): ProtoAffinityRule => ({
  kind: AFFINITY_KIND[kind],
  required: strength === "required",
  group: target.kind === "group" ? target.group : "",
  vmLabels: target.kind === "labels" ? { ...target.labels } : {},
});

export const toProtoVmSpec = (spec: VmSpec): ProtoVmSpec => ({
  vcpuCount: spec.vcpuCount,
  memoryBytes: BigInt(spec.memoryBytes),
  boot: toProtoBoot(spec.boot),
  network: "",
  queuePairs: 0,
  nics: spec.nics.map(toProtoNicSpec),
  numaPolicy: spec.numa === undefined ? ProtoNumaPolicy.UNSPECIFIED : NUMA_POLICY[spec.numa],
  hugepageBytes: BigInt(spec.hugepageBytes ?? 0),
  cpuPinning: spec.cpuPinning === true,
  hostSelector: { ...spec.hostSelector },
  hasGuestAgent: spec.hasGuestAgent,
  placementPolicy: PLACEMENT_POLICY[spec.placementPolicy ?? "spread"],
  labels: { ...spec.labels },
  affinity: (spec.affinity ?? []).map(toProtoRule),
  preventDestroy: spec.preventDestroy ?? false,
  autostart: spec.autostart ?? false,
  runtime: VM_RUNTIME[runtimeOf(spec)],
});

export const toProtoAllocation = (
  allocation: Allocation,
  hostKind: HostKind | undefined,
): ProtoAllocation => {
  const [first] = allocation.nics;
  return {
    host: hostName.format(allocation.host),
    hostKind: hostKind === undefined ? ProtoHostKind.UNSPECIFIED : HOST_KIND[hostKind],
    pfPciAddress: first?.pf ?? "",
    vfIndex: first?.vfIndex ?? 0,
    mac: first?.mac ?? "",
    address: first?.address ?? "",
    bridge: first?.bridge ?? "",
    nics: allocation.nics.map(toProtoAllocatedNic),
  };
};

const toProtoAllocatedNic = (nic: AllocatedNic): ProtoAllocatedNic => ({
  kind: NIC_KIND[nic.kind],
  pfPciAddress: nic.pf,
  vfIndex: nic.vfIndex,
  mac: nic.mac,
  network: networkName.format(nic.network),
  address: nic.address,
  bridge: nic.bridge,
  queuePairs: nic.queuePairs,
});
