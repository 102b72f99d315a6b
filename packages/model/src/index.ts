export {
  ARTEFACT_FOLDER,
  ARTEFACT_NETRC,
  type Artefact,
  type ArtefactSource,
  artefactPath,
  isRemote,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
  partialPath,
  type Sha256,
} from "./artefacts/artefact.ts";
export {
  AMD_BIOS_ATTRIBUTES,
  type BiosAttributes,
  type BiosValue,
  differingBiosAttributes,
  formatBiosAttributes,
  isBiosAttributeName,
  isBiosValue,
  KNOWN_BIOS_ATTRIBUTES,
  LIMITS_OF_BIOS,
} from "./bmc/bios.ts";
export {
  type BmcAddress,
  type BmcEndpoint,
  type BmcTrust,
  isPublicKeyPin,
  parseBmcAddress,
} from "./bmc/endpoint.ts";
export {
  allowsNicSriov,
  type BmcNicFunction,
  formatNicModes,
  isJobOfNicFunction,
  modeWithSriov,
  type NicModeWish,
  VIRTUALIZATION_MODE,
} from "./bmc/nic-function.ts";
export type { Argv } from "./commands/argv.ts";
export { copyFile, curlDownload, moveFile } from "./commands/artefact.ts";
export {
  BMC_JOBS_PATH,
  biosPath,
  biosSettingsPath,
  clearPendingBios,
  createBiosJob,
  curlRedfish,
  deleteBmcJob,
  patchBiosSettings,
  REDFISH_OUTPUT_BYTES_MAX,
  REDFISH_TIMEOUT_MS,
  type RedfishMethod,
  type RedfishRequest,
  type ResetType,
  resetSystem,
  sync,
} from "./commands/bmc.ts";
export {
  clearPendingNic,
  createNicJob,
  NETWORK_ADAPTERS_PATH,
  nicAttributesPath,
  nicFunctionsPath,
  nicRegistryPath,
  nicSettingsPath,
  patchNicMode,
} from "./commands/bmc-nics.ts";
export {
  ipBondAdd,
  ipLinkAlias,
  ipLinkDel,
  ipLinkMaster,
  ipLinkNoMaster,
  OWN_BOND_ALIAS,
} from "./commands/bond.ts";
export {
  devlinkEswitchSet,
  ipAddressAdd,
  ipAddressDel,
  ipLinkSet,
  ipVfMacSet,
  modprobe,
  pfClaimPath,
  vdpaDevAdd,
  vdpaDevDel,
} from "./commands/datapath.ts";
export {
  DRIVER_WORK_FOLDER,
  docaInstallCommands,
  driverInstallCommands,
  inboxInstallCommands,
  mlnxofedinstall,
  OFED_EXTRA_FLAGS,
  ofedUninstall,
  openibdRestart,
  tarExtract,
} from "./commands/driver.ts";
export {
  type FirmwareProgram,
  firmwareProgram,
  flintBurn,
  makeExecutable,
  mlxconfigSet,
  mlxfwmanagerUpdate,
  mlxfwresetReset,
  runDellPackage,
} from "./commands/firmware.ts";
export {
  type Iperf3Run,
  iperf3Client,
  iperf3Server,
  LATENCY_PING_INTERVAL_MS,
  latencyPing,
  reachPing,
} from "./commands/guest-measuring.ts";
export {
  IMAGE_BASE_END,
  IMAGE_FOLDER,
  type ImagePaths,
  ISO_PROGRAMS,
  type IsoProgram,
  imagePaths,
  isoOfFolder,
  makeReadOnly,
  qemuImgCheck,
  qemuImgConvert,
  qemuImgCreate,
  qemuImgInfo,
  qemuImgInfoShared,
  qemuImgResize,
  VM_DISK_FOLDER,
  type VmDiskPaths,
  vmDiskPaths,
} from "./commands/image.ts";
export {
  BUILD_RUN_FOLDER,
  type BuildPaths,
  buildName,
  buildPaths,
  buildSeedFiles,
  PACKAGES_INSTALLED,
  qemuBuild,
} from "./commands/image-build.ts";
export {
  bootHost,
  formatGrubDefaults,
  GRUB_DEFAULTS_PATH,
  grubbySetDefault,
  grubbyUpdate,
  initramfsPath,
  rebuildInitramfs,
  updateGrub,
} from "./commands/kernel.ts";
export {
  DOMAINS_FOLDER,
  domainName,
  domainPaths,
  virshDefine,
  virshDestroy,
  virshResume,
  virshShutdown,
  virshStart,
  virshUndefine,
  vmOfDomain,
} from "./commands/libvirt.ts";
export {
  DOMAIN_NAMESPACE,
  libvirtDomain,
} from "./commands/libvirt-domain.ts";
export {
  listFileSystems,
  loadNbd,
  mountDisk,
  nbdConnect,
  nbdDisconnect,
  ROOT_FILE_SYSTEMS,
  resolvePaths,
  unmount,
  writeInPlace,
} from "./commands/nbd.ts";
export {
  OWNER_KEY,
  OWNER_VALUE,
  ovsAddBridge,
  ovsAddPort,
  ovsClearRestartPending,
  ovsCtlRestart,
  ovsCtlStart,
  ovsDelBridge,
  ovsDelPort,
  ovsSetHwOffload,
  RESTART_PENDING_KEY,
  stamp,
} from "./commands/ovs.ts";
export {
  aptGetInstall,
  aptGetUpdate,
  dnfInstall,
  dnfSetDisabled,
  dnfSetEnabled,
  dpkgRemove,
  installCommands,
  removeCommand,
  removeWithDependents,
  rpmErase,
} from "./commands/packages.ts";
export {
  ipLinkMtu,
  ipVfSettingsSet,
  NIC_KEY,
  nicMark,
  ovsAddFlow,
  ovsClearShaping,
  ovsDelFlows,
  ovsSetPolicing,
  ovsSetShaping,
  ovsSetTag,
  type ShapingRows,
  type VfPortSettings,
} from "./commands/port-settings.ts";
export {
  memoryLockBytes,
  msixVectors,
  type QemuNic,
  type QemuOptions,
  qemuVm,
  serialArguments,
  VM_RUN_FOLDER,
  type VmPaths,
  vmPaths,
} from "./commands/qemu.ts";
export { qemuDevices, VMS_SLICE, vmScopeOptions, vmScopeUnit } from "./commands/qemu-scope.ts";
export { copyEnd, emptyFile, printPiece } from "./commands/serial-log.ts";
export { tasksetSet, tasksetShow } from "./commands/taskset.ts";
export {
  isQemuLinkOurs,
  makeBuild,
  makeInstall,
  QEMU_LINK,
  QEMU_OF_RHEL,
  type QemuSource,
  qemuBuildCommands,
  qemuBuildFolders,
  qemuConfigure,
  qemuPrefix,
  qemuProgram,
  symbolicLink,
  systemctlRestart,
} from "./commands/virtualization.ts";
export {
  AFFINITY_RULES_MAX,
  type AffinityRule,
  type AffinityTarget,
  GROUP_NAME_LENGTH_MAX,
  PLACEMENT_POLICIES,
  type PlacementPolicy,
} from "./desired/affinity.ts";
export type { BiosSpec, NicVirtualization } from "./desired/bios.ts";
export {
  type DiskEdit,
  type DiskFile,
  diskFiles,
  type EditableRoot,
  GUEST_PATHS,
  withEmptyRootPassword,
} from "./desired/disk-edit.ts";
export {
  DOCA_PACKAGE,
  type DriverInstall,
  type DriverSpec,
  isDocaPackage,
  LIMITS_OF_DRIVER,
  moduleVersionOf,
  OFED_DISTRIBUTION,
} from "./desired/driver.ts";
export {
  CONFIG_NAME,
  CONFIG_VALUE,
  type FirmwareImage,
  type FirmwareImageKind,
  type FirmwareSpec,
  LIMITS_OF_FIRMWARE,
  NUM_OF_VFS,
  SRIOV_EN,
} from "./desired/firmware.ts";
export {
  diskEditOf,
  type GuestSetup,
  type GuestSetupMethod,
  guestMtu,
  LIMITS_OF_GUEST_SETUP,
  type SeedFile,
  seedFiles,
} from "./desired/guest-setup.ts";
export type {
  DesiredDatapath,
  DesiredSlot,
  DesiredSriovDatapath,
  DesiredVdpaDatapath,
  HostDesired,
} from "./desired/host-desired.ts";
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
} from "./desired/host-profile.ts";
export {
  IMAGE_FORMATS,
  type ImageDesired,
  type ImageFormat,
  type ImageSpec,
  LIMITS_OF_IMAGES,
} from "./desired/image.ts";
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
} from "./desired/network.ts";
export {
  type AllocatedNic,
  NIC_KINDS,
  NICS_PER_VM_MAX,
  type NicKind,
  type NicSpec,
} from "./desired/nic.ts";
export {
  type FailureDomain,
  isRolloutEnd,
  LIMITS_OF_ROLLOUT,
  type MaintenanceWindow,
  type MaxUnavailable,
  type RolloutChange,
  type RolloutHostState,
  type RolloutPlace,
  type RolloutSpec,
  type RolloutState,
  type RolloutStrategy,
  type RolloutVmPolicy,
} from "./desired/rollout.ts";
export {
  type ExperimentGate,
  formatGate,
  GATE_LIMITS,
  type GateOutcome,
  type GateVerdict,
  gateExperimentId,
  type MetricGate,
  type RolloutGate,
} from "./desired/rollout-gate.ts";
export {
  LIMITS_OF_SYSTEM,
  SELINUX_OFF,
  type SystemSpec,
  wantedArguments,
} from "./desired/system.ts";
export {
  type GuestMemory,
  HUGEPAGE_SIZES,
  NUMA_POLICIES,
  type NumaPolicy,
} from "./desired/tuning.ts";
export {
  ACCOUNT_NAME,
  QEMU_VERSION,
  type VirtualizationSpec,
} from "./desired/virtualization.ts";
export type { Allocation, BootSource, VmDesired, VmSpec } from "./desired/vm.ts";
export { runtimeOf, VM_RUNTIMES, type VmRuntimeKind } from "./desired/vm-runtime.ts";
export { canBecome, statesBefore, VM_TRANSITIONS, type VmState } from "./desired/vm-state.ts";
export {
  CHECK_GROUPS,
  CHECK_STATUSES,
  type CheckEntry,
  type CheckGroup,
  type CheckResult,
  type CheckStatus,
  type SafeFix,
} from "./diagnosis/check-entry.ts";
export {
  CHECKS,
  CHECKS_OF_CONTROLLER,
  CHECKS_OF_HOST,
  type CheckId,
  type ControllerCheckId,
  checkEntry,
  type HostCheckId,
  isCheckId,
} from "./diagnosis/checks.ts";
export {
  DECISION_ORDERS,
  type DecisionOrder,
  type DecisionOrderId,
  type DecisionStep,
} from "./diagnosis/decision-orders.ts";
export {
  OFFLOAD_CAUSES,
  type OffloadCause,
  type OffloadCauseEntry,
  offloadCauseEntry,
} from "./diagnosis/offload-cause.ts";
export {
  isPreflightCheck,
  PREFLIGHT_CHECKS,
  type PreflightCheckId,
} from "./diagnosis/preflight.ts";
export type { Confidence, SymptomEntry } from "./diagnosis/symptoms/symptom.ts";
export { isSymptomId, SYMPTOMS, type SymptomId } from "./diagnosis/symptoms.ts";
export {
  DISTRO_PROFILES,
  type DistroFamily,
  type DistroProfile,
  findDistroProfile,
  kernelHeadersPackage,
  kernelPackages,
  type PackageRole,
} from "./distribution/distro-profile.ts";
export {
  type InstalledPackage,
  isPackageSpec,
  meetsSpec,
  missingPackages,
} from "./distribution/installed-packages.ts";
export {
  aptRepositoryPath,
  dnfRepositoryPath,
  formatAptRepository,
  formatDnfRepository,
  type Repository,
  type RepositorySource,
} from "./distribution/repository.ts";
export type { Explanation } from "./errors/explanations/explanation.ts";
export { explanationOf } from "./errors/explanations/explanations.ts";
export {
  isReason,
  REASONS,
  type Reason,
  type ReasonEntry,
  type StatusCode,
} from "./errors/reasons/reasons.ts";
export {
  assert,
  assertNever,
  CommandError,
  DispatchError,
  type ErrorMetadata,
  type FieldViolation,
  HostError,
  InvalidInputError,
  InvariantError,
  PlanningError,
  type Retry,
  StoreError,
  SwitchyardError,
} from "./errors/switchyard-error.ts";
export {
  type CpuReading,
  type EnvironmentOfHost,
  EXPERIMENT_MODES,
  type ExperimentMode,
  type ExperimentResult,
  type ExperimentRound,
  type LatencyReading,
  type OffloadReading,
  type PowerReading,
  type PowerSource,
  type ThroughputReading,
} from "./experiments/experiment.ts";
export {
  EXPERIMENT_STATES,
  type ExperimentOutcome,
  type ExperimentSpec,
  type ExperimentState,
  type ExperimentVmSpec,
  type IdlePower,
  isExperimentEnd,
  LIMITS_OF_EXPERIMENT,
  type ModeBaseline,
  ROUND_OUTPUT_BYTES_MAX,
  type RoundOutput,
} from "./experiments/experiment-spec.ts";
export { CPU_PACKAGES_MAX, type EnergyCounter, type HostLoad } from "./experiments/host-load.ts";
export {
  type Fleet,
  type FleetFreeze,
  FREEZE_WINDOW_MS,
  type FreezeCause,
  freezeText,
  lostTogetherMax,
} from "./fleet/freeze.ts";
export {
  type ExperimentId,
  type HostId,
  type ImageId,
  type JobId,
  type MoveId,
  type NetworkId,
  type PlanId,
  type ProfileId,
  parseExperimentId,
  parseHostId,
  parseImageId,
  parseJobId,
  parseMoveId,
  parseNetworkId,
  parsePlanId,
  parseProfileId,
  parseRolloutId,
  parseVmId,
  type RolloutId,
  type VmId,
} from "./ids/ids.ts";
export { ARCHITECTURES, type Architecture, architectureOf } from "./inventory/architecture.ts";
export type { Bmc, BmcFacts, BmcJob, PowerState } from "./inventory/bmc.ts";
export type { Drift } from "./inventory/drift.ts";
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
} from "./inventory/driver.ts";
export {
  EXAMINATION_LIMITS,
  type Examination,
  type ExaminedFlow,
  type ExaminedFlows,
  type ExaminedFunction,
  type ExaminedNetdev,
  type ExaminedVm,
  type FlowPlace,
  LEFTOVERS_MAX,
  type Leftovers,
  type VhostHolder,
} from "./inventory/examination.ts";
export { findBridge, findPf, findVf, type PfInNic, pfsInOrder } from "./inventory/find.ts";
export {
  type ConfigValue,
  type FirmwareParameter,
  type FirmwareTools,
  type FirmwareVersions,
  type NicFirmwareFacts,
  PCI_RESET_LEVEL,
  type PfFirmwareConfig,
} from "./inventory/firmware.ts";
export type {
  Accelerator,
  Bond,
  Bridge,
  BridgePort,
  EswitchMode,
  GuestFacts,
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
} from "./inventory/inventory.ts";
export { GUEST_FACTS_LIMITS, VM_END_CHARACTERS_MAX } from "./inventory/inventory.ts";
export {
  applyDelta,
  deltaOf,
  type InventoryDelta,
  inventoryDigest,
} from "./inventory/inventory-delta.ts";
export type { MappedNicProfile, MappedPf, MappedVf } from "./inventory/nic-profile.ts";
export {
  RESTORE_TITLES_MAX,
  RESTORES_PER_BOOT_MAX,
  type RestoreReport,
  type RestoreState,
} from "./inventory/restore.ts";
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
} from "./inventory/system.ts";
export type {
  InstalledQemu,
  LibvirtQemuUser,
  QemuLink,
  VirtualizationFacts,
} from "./inventory/virtualization.ts";
export {
  type CommandRecord,
  GUARD_OUTCOMES,
  type GuardOutcome,
  isExclusive,
  isJobEnd,
  JOB_END_STATES,
  JOB_KINDS_WITHOUT_CHANGE,
  type Job,
  type JobEvent,
  type JobEventBody,
  type JobFailure,
  type JobKind,
  type JobResult,
  type JobSpec,
  type JobState,
  type PingResult,
  type VmPolicy,
} from "./jobs/job.ts";
export {
  type ArgumentChange,
  argumentKey,
  type BootEntry,
  changeBack,
  hasArgument,
  isKernelArgument,
  isSettable,
  type KernelArgument,
  mergeArguments,
  missingArguments,
  missingInEntries,
  parseKernelArguments,
} from "./kernel/kernel-arguments.ts";
export {
  formatModulesAtBoot,
  MODULES_AT_BOOT_PATH,
  parseModulesAtBoot,
} from "./kernel/modules-at-boot.ts";
export type { Cordon, Fence } from "./moves/cordon.ts";
export { DISK_TRANSFER_LIMITS, type DiskSeal, type DiskTransfer } from "./moves/disk-transfer.ts";
export {
  isMoveEnd,
  MOVE_ENDS,
  MOVES_AT_ONCE,
  type MoveCause,
  type MoveOutlook,
  type MovePhase,
} from "./moves/move.ts";
export type { Finding, FindingSeverity } from "./plan/finding.ts";
export { formatCommand } from "./plan/format-command.ts";
export type { HostPlan } from "./plan/plan.ts";
export {
  BOOTS_OF_JOB_MAX,
  type RebootEffect,
  type RebootEffectKind,
  type RebootEffectOf,
  type RebootEffects,
} from "./plan/reboot-effect.ts";
export type {
  Disruption,
  LinkRef,
  PlannedCommand,
  Step,
  StepArguments,
  StepKind,
  StepOf,
  VfRef,
} from "./plan/step.ts";
export { antiSpoofFlows, flowCookieOf, isNicCookie, type PortFlow } from "./ports/anti-spoof.ts";
export {
  type ConsoleRequest,
  EXEC_LIMITS,
  type ExecOutcome,
  type ExecRequest,
  parseConsoleRequest,
  parseExecOutcome,
  parseExecRequest,
  parseVmLogRequest,
  type SessionEnd,
  type VmLogRequest,
} from "./sessions/session.ts";
export { parseVmLogPiece, VM_LOG_LIMITS, type VmLogPiece } from "./sessions/vm-log.ts";
export { diffSnapshots, incomparableAreas } from "./snapshots/diff.ts";
export {
  itemsOf,
  SNAPSHOT_AREAS,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotFields,
  type SnapshotItems,
  type SnapshotValue,
} from "./snapshots/facts.ts";
export {
  parseSnapshotDocument,
  parseSnapshotRecord,
  parseSnapshotSeries,
} from "./snapshots/parse.ts";
export {
  type AreaChange,
  type HostSnapshot,
  SNAPSHOT_LIMITS,
  type SnapshotChange,
  type SnapshotDocument,
  type SnapshotHead,
  type SnapshotRecord,
  type SnapshotSeries,
  type UnreadArea,
} from "./snapshots/snapshot.ts";
export type { MetricEntry, MetricKind, MetricUnit } from "./telemetry/metrics/entry.ts";
export {
  isMetricName,
  labelsOf,
  METRICS,
  type MetricName,
  PROMETHEUS_PREFIX,
  prometheusNameOf,
} from "./telemetry/metrics.ts";
export { LABEL_NAMES, labelNamesOf, type ObjectKind } from "./telemetry/objects.ts";
export type { Sample } from "./telemetry/sample.ts";
export { canonicalJson, digestOf } from "./values/canonical-json.ts";
export { configNumber, configValueToSet, isConfigValue } from "./values/config-value.ts";
export { compareVersions } from "./values/dotted-version.ts";
export {
  compareFirmware,
  type FirmwareVersion,
  formatFirmware,
  parseFirmwareVersion,
} from "./values/firmware-version.ts";
export {
  cidrAddress,
  cidrPrefixLength,
  type Ipv4Address,
  type Ipv4Cidr,
  ipv4FromNumber,
  ipv4ToNumber,
  networkNumber,
  parseIpv4Address,
  parseIpv4Cidr,
  subnetContains,
  withPrefix,
} from "./values/ipv4.ts";
export {
  applyJsonDelta,
  diffJson,
  isJsonDelta,
  type JsonDelta,
  type JsonEdit,
  type JsonPath,
} from "./values/json-delta.ts";
export {
  type MacAddress,
  macFromNumber,
  macToNumber,
  parseMacAddress,
} from "./values/mac-address.ts";

export { isOfedModuleVersion, isOfedRelease, ofedModuleVersion } from "./values/ofed-version.ts";
export { comparePackageVersions } from "./values/package-version.ts";

export {
  isPciAddress,
  type PciAddress,
  parsePciAddress,
  vfPciAddress,
} from "./values/pci-address.ts";
export { type Psid, parsePsid } from "./values/psid.ts";
