import type { Allocation, BootSource, GuestSetup, HostKind, VmSpec } from "@switchyard/model";
import {
  type Allocation as ProtoAllocation,
  type GuestSetup as ProtoGuestSetup,
  HostKind as ProtoHostKind,
  type VmSpec as ProtoVmSpec,
} from "@switchyard/proto";
import { hostName, imageName, networkName } from "../validation/names.ts";
import { HOST_KIND } from "./enums.ts";

const toProtoGuestSetup = (setup: GuestSetup): ProtoGuestSetup => ({
  user: setup.user ?? "",
  sshKeys: [...setup.sshKeys],
  unmanagedNic: setup.isNicUnmanaged,
  developmentEmptyRootPassword: setup.hasEmptyRootPassword,
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

export const toProtoVmSpec = (spec: VmSpec): ProtoVmSpec => ({
  vcpuCount: spec.vcpuCount,
  memoryBytes: BigInt(spec.memoryBytes),
  boot: toProtoBoot(spec.boot),
  network: networkName.format(spec.network),
  queuePairs: spec.queuePairs,
  hostSelector: { ...spec.hostSelector },
  hasGuestAgent: spec.hasGuestAgent,
  preventDestroy: spec.preventDestroy ?? false,
  autostart: spec.autostart ?? false,
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
