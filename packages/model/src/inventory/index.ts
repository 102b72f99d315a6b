export { ARCHITECTURES, type Architecture, architectureOf } from "./architecture.ts";
export type { Bmc, BmcFacts, BmcJob, PowerState } from "./bmc.ts";
export type { Drift } from "./drift.ts";
export {
  type DriverBuild,
  type DriverBuildState,
  type DriverInfo,
  type DriverOnDisk,
  driverDigest,
  findDriverOnDisk,
  isDriverInstalled,
  isMlnxOfed,
  REMOVAL,
} from "./driver.ts";
export {
  EXAMINATION_LIMITS,
  type Examination,
  type ExaminedCard,
  type ExaminedFlow,
  type ExaminedFlows,
  type ExaminedFunction,
  type ExaminedNetdev,
  type ExaminedVm,
  type FlowPlace,
  LEFTOVERS_MAX,
  type Leftovers,
  type QueueFault,
  type VhostHolder,
} from "./examination.ts";
export { findBridge, findPf, findVf, type PfInNic, pfsInOrder } from "./find.ts";
export {
  type ConfigValue,
  type FirmwareParameter,
  type FirmwareTools,
  type FirmwareVersions,
  type NicFirmwareFacts,
  PCI_RESET_LEVEL,
  type PfFirmwareConfig,
} from "./firmware.ts";
export type {
  Accelerator,
  Bond,
  Bridge,
  BridgePort,
  EswitchMode,
  GuestFacts,
  GuestFreeze,
  GuestNetdev,
  HostKind,
  Inventory,
  Link,
  Mgmtdev,
  Nic,
  ObservedPortSettings,
  ObservedVm,
  ObservedVmNic,
  OffloadProof,
  Ovs,
  PciLink,
  Pf,
  VdpaDevice,
  Vf,
  VfioDriver,
  VmEnd,
  VmEndKind,
  VmProcessState,
} from "./inventory.ts";
export { GUEST_FACTS_LIMITS, VM_END_CHARACTERS_MAX } from "./inventory.ts";
export {
  applyDelta,
  deltaOf,
  type InventoryDelta,
  inventoryDigest,
} from "./inventory-delta.ts";
export type { MappedNicProfile, MappedPf, MappedVf } from "./nic-profile.ts";
export {
  RESTORE_TITLES_MAX,
  RESTORES_PER_BOOT_MAX,
  type RestoreReport,
  type RestoreState,
} from "./restore.ts";
export {
  DISK_PATHS,
  type DiskSpace,
  type Hugepages,
  type InstalledKernel,
  type IommuFacts,
  type Lockdown,
  type NumaNode,
  type SelinuxState,
  type SystemFacts,
  UNKNOWN_SYSTEM,
} from "./system.ts";
export type {
  InstalledQemu,
  LibvirtQemuUser,
  QemuLink,
  VirtualizationFacts,
} from "./virtualization.ts";
