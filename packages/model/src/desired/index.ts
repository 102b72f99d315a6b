export {
  AFFINITY_RULES_MAX,
  type AffinityRule,
  type AffinityTarget,
  GROUP_NAME_LENGTH_MAX,
  PLACEMENT_POLICIES,
  type PlacementPolicy,
} from "./affinity.ts";
export type { BiosSpec, NicVirtualization } from "./bios.ts";
export {
  type DiskEdit,
  type DiskFile,
  diskFiles,
  type EditableRoot,
  GUEST_PATHS,
  withEmptyRootPassword,
} from "./disk-edit.ts";
export {
  DOCA_PACKAGE,
  type DriverInstall,
  type DriverSpec,
  isDocaPackage,
  LIMITS_OF_DRIVER,
  moduleVersionOf,
  OFED_DISTRIBUTION,
} from "./driver.ts";
export {
  CONFIG_NAME,
  CONFIG_VALUE,
  type FirmwareImage,
  type FirmwareImageKind,
  type FirmwareSpec,
  LIMITS_OF_FIRMWARE,
  NUM_OF_VFS,
  SRIOV_EN,
} from "./firmware.ts";
export {
  diskEditOf,
  type GuestSetup,
  type GuestSetupMethod,
  guestMtu,
  LIMITS_OF_GUEST_SETUP,
  type SeedFile,
  seedFiles,
} from "./guest-setup.ts";
export type {
  DesiredDatapath,
  DesiredSlot,
  DesiredSriovDatapath,
  DesiredVdpaDatapath,
  HostDesired,
} from "./host-desired.ts";
export {
  type BondMode,
  type BondSpec,
  type DatapathMode,
  type DatapathSpec,
  type DriftPolicy,
  type HostProfileSpec,
  type Ipv4Range,
  type LabelSelector,
  LIMITS_OF_PROFILE,
  matchesSelector,
  type SriovDatapathSpec,
  type UplinkSelector,
  type VdpaDatapathSpec,
  type VfDriverChoice,
} from "./host-profile.ts";
export {
  IMAGE_FORMATS,
  type ImageDesired,
  type ImageFormat,
  type ImageSpec,
  LIMITS_OF_IMAGES,
} from "./image.ts";
export {
  type AddressReservation,
  ETHERNET_MTU,
  MTU_LIMITS,
  type NetworkSpec,
  PLAIN_PORT,
  type PortSettings,
  portSettingsOf,
  type RateLimit,
  VLAN_LIMITS,
} from "./network.ts";
export {
  type AllocatedNic,
  NIC_KINDS,
  NICS_PER_VM_MAX,
  type NicKind,
  type NicSpec,
} from "./nic.ts";
export {
  type FailureDomain,
  isRolloutEnd,
  LIMITS_OF_ROLLOUT,
  type MaintenanceWindow,
  type MaxUnavailable,
  type RolloutChange,
  type RolloutHostState,
  type RolloutPlace,
  type RolloutProfileChange,
  type RolloutSpec,
  type RolloutState,
  type RolloutStrategy,
  type RolloutVmPolicy,
} from "./rollout.ts";
export {
  type ExperimentGate,
  formatGate,
  GATE_LIMITS,
  type GateOutcome,
  type GateVerdict,
  gateExperimentId,
  type MetricGate,
  type RolloutGate,
} from "./rollout-gate.ts";
export {
  LIMITS_OF_SYSTEM,
  SELINUX_OFF,
  type SystemSpec,
  wantedArguments,
} from "./system.ts";
export {
  type GuestMemory,
  HUGEPAGE_SIZES,
  NUMA_POLICIES,
  type NumaPolicy,
} from "./tuning.ts";
export {
  ACCOUNT_NAME,
  QEMU_VERSION,
  type VirtualizationSpec,
} from "./virtualization.ts";
export type { Allocation, BootSource, VmDesired, VmSpec } from "./vm.ts";
export { runtimeOf, VM_RUNTIMES, type VmRuntimeKind } from "./vm-runtime.ts";
export { canBecome, statesBefore, VM_TRANSITIONS, type VmState } from "./vm-state.ts";
