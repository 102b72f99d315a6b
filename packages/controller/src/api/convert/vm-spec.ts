import type { Allocation, BootSource, HostKind, VmSpec } from "@switchyard/model";
import {
  type Allocation as ProtoAllocation,
  HostKind as ProtoHostKind,
  type VmSpec as ProtoVmSpec,
} from "@switchyard/proto";
import { hostName, networkName } from "../validation/names.ts";
import { HOST_KIND } from "./enums.ts";

function toProtoBoot(boot: BootSource): NonNullable<ProtoVmSpec["boot"]> {
  switch (boot.kind) {
    case "disk":
      return { $case: "disk", value: { path: boot.path, format: boot.format } };
    case "kernel": {
      const { kernelPath, initrdPath, commandLine } = boot;
      return { $case: "kernel", value: { kernelPath, initrdPath, commandLine } };
    }
  }
}

export const toProtoVmSpec = (spec: VmSpec): ProtoVmSpec => ({
  vcpuCount: spec.vcpuCount,
  memoryBytes: BigInt(spec.memoryBytes),
  boot: toProtoBoot(spec.boot),
  network: networkName.format(spec.network),
  queuePairs: spec.queuePairs,
  hostSelector: { ...spec.hostSelector },
  hasGuestAgent: spec.hasGuestAgent,
});

export const toProtoAllocation = (
  allocation: Allocation,
  hostKind: HostKind | undefined,
): ProtoAllocation => ({
  host: hostName.format(allocation.host),
  hostKind: hostKind === undefined ? ProtoHostKind.UNSPECIFIED : HOST_KIND[hostKind],
  pfPciAddress: allocation.pf,
  vfIndex: allocation.vfIndex,
  mac: allocation.mac,
  address: allocation.address,
  bridge: allocation.bridge,
});
