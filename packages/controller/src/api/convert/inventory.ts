import {
  type Bridge,
  formatFirmware,
  type Inventory,
  type Link,
  type Nic,
  type ObservedVm,
  type Ovs,
  type Pf,
  type VdpaDevice,
  type Vf,
} from "@switchyard/model";
import type {
  Bridge as ProtoBridge,
  Inventory as ProtoInventory,
  Link as ProtoLink,
  Nic as ProtoNic,
  ObservedVm as ProtoObservedVm,
  Ovs as ProtoOvs,
  Pf as ProtoPf,
  VdpaDevice as ProtoVdpaDevice,
  Vf as ProtoVf,
} from "@switchyard/proto";
import { vmName } from "../validation/names.ts";
import { toProtoBmc } from "./bmc.ts";
import { toProtoDriverInfo } from "./driver.ts";
import { HOST_KIND } from "./enums.ts";
import { toProtoFirmwareConfig } from "./firmware.ts";
import { toProtoRestore } from "./restore.ts";
import { toProtoSystemFacts } from "./system.ts";
import { toProtoVirtualization } from "./virtualization.ts";

const toProtoLink = (link: Link): ProtoLink => ({ ...link, addresses: [...link.addresses] });

const toProtoVdpa = (device: VdpaDevice): ProtoVdpaDevice => ({
  name: device.name,
  mgmtdev: device.mgmtdevHandle,
  mac: device.mac ?? "",
  maxVqs: device.maxVqs,
  maxVqp: device.maxVqp ?? 0,
  vhostPath: device.vhostPath ?? "",
  negotiatedFeatures: [...(device.negotiatedFeatures ?? [])],
});

const toProtoVf = (vf: Vf): ProtoVf => ({
  index: vf.index,
  pciAddress: vf.pciAddress,
  driver: vf.driver ?? "",
  representor: vf.representor && toProtoLink(vf.representor),
  vdpa: vf.vdpa && toProtoVdpa(vf.vdpa),
  adminMac: vf.adminMac ?? "",
});

const toProtoPf = (pf: Pf): ProtoPf => ({
  pciAddress: pf.pciAddress,
  link: toProtoLink(pf.link),
  devlinkHandle: pf.devlinkHandle,
  eswitchMode: pf.eswitchMode,
  vfCount: pf.vfCount,
  totalVfs: pf.totalVfs,
  numaNode: pf.numaNode,
  vfs: pf.vfs.map(toProtoVf),
});

const toProtoNic = (nic: Nic): ProtoNic => ({
  nicProfile: nic.nicProfile,
  model: nic.model,
  serial: nic.serial,
  driver: nic.driver,
  psid: nic.psid ?? "",
  runningFirmware: nic.firmware === undefined ? "" : formatFirmware(nic.firmware.running),
  storedFirmware: nic.firmware === undefined ? "" : formatFirmware(nic.firmware.stored),
  pfs: nic.pfs.map(toProtoPf),
  firmwareConfig: nic.firmwareFacts && toProtoFirmwareConfig(nic.firmwareFacts),
  driverInfo: nic.driverInfo && toProtoDriverInfo(nic.driverInfo),
});

const toProtoBridge = (bridge: Bridge): ProtoBridge => ({
  name: bridge.name,
  isOurs: bridge.isOurs,
  isUp: bridge.isUp,
  addresses: [...bridge.addresses],
  ports: bridge.ports.map((port) => ({
    name: port.name,
    ofport: port.ofport ?? 0,
    error: port.error ?? "",
    linkState: port.linkState ?? "",
  })),
});

const toProtoOvs = (ovs: Ovs): ProtoOvs => ({ ...ovs, bridges: ovs.bridges.map(toProtoBridge) });

const toProtoObservedVm = (vm: ObservedVm): ProtoObservedVm => ({
  vm: vmName.format(vm.vm),
  state: vm.state,
  pid: BigInt(vm.pid ?? 0),
  isGuestAgentUp: vm.isGuestAgentUp,
  reason: vm.reason ?? "",
});

export const toProtoInventory = (inventory: Inventory): ProtoInventory => ({
  hostKind: HOST_KIND[inventory.hostKind],
  observeTime: new Date(inventory.observedAtMs),
  bootId: inventory.bootId,
  osName: inventory.os.prettyName,
  kernelRelease: inventory.os.kernelRelease,
  machineVendor: inventory.machine.vendor,
  machineModel: inventory.machine.model,
  machineSerial: inventory.machine.serial,
  cpuModel: inventory.cpu.modelName,
  cpuSocketCount: inventory.cpu.socketCount,
  cpuThreadCount: inventory.cpu.threadCount,
  memoryBytes: BigInt(inventory.memoryBytes),
  accelerator: inventory.accelerator,
  iommuGroupCount: inventory.iommuGroupCount,
  nics: inventory.nics.map(toProtoNic),
  ovs: inventory.ovs && toProtoOvs(inventory.ovs),
  qemuVersion: inventory.qemuVersion ?? "",
  vms: inventory.vms.map(toProtoObservedVm),
  modules: [...inventory.modules],
  bmc: inventory.bmc && toProtoBmc(inventory.bmc),
  system: inventory.system && toProtoSystemFacts(inventory.system),
  virtualization: inventory.virtualization && toProtoVirtualization(inventory.virtualization),
  restore: inventory.restore && toProtoRestore(inventory.restore),
});
