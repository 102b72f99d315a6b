export { type FileLock, takeFileLock } from "./linux/file-lock.ts";
export { createLinuxHost } from "./linux/linux-host.ts";
export {
  type ByteSocket,
  COMMAND_DEFAULTS,
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  type LineSocket,
  RANGE_BYTES_MAX,
} from "./port/host.ts";
export { AREA_READERS, type AreaReader } from "./snapshots/readers.ts";
export {
  createScriptedHost,
  type Reply,
  type Script,
  type ScriptedHost,
  type ScriptedPeer,
} from "./testing/scripted-host.ts";
export { unpackArchive } from "./tools/archive/archive.ts";
export {
  copyArtefact,
  downloadArtefact,
  placeArtefact,
  readFileSize,
  readSha256,
  tooLarge,
} from "./tools/artefact/artefact.ts";
export {
  type ArgumentsBefore,
  bootloaderFiles,
  listBootEntries,
  readArgumentsBefore,
  restoreKernelArguments,
  setDefaultKernel,
  setKernelArguments,
} from "./tools/bootloader/bootloader.ts";
export { applyPackage, checkPackage } from "./tools/dell-package/dell-package.ts";
export type { PackageEnd } from "./tools/dell-package/parse.ts";
export { readOuterVirtualization } from "./tools/detect-virt/detect-virt.ts";
export {
  listDevlinkPorts,
  readDevlinkInfo,
  readEswitchMode,
  setEswitchMode,
} from "./tools/devlink/devlink.ts";
export { findDiagnosis } from "./tools/devlink/diagnose.ts";
export { type FirmwareState, findFirmwareState } from "./tools/devlink/firmware-state.ts";
export {
  type HealthReporter,
  isUplinkPort,
  listHealthReporters,
  vfIndexOfPort,
} from "./tools/devlink/health.ts";
export type { DevlinkInfo, DevlinkPort } from "./tools/devlink/parse.ts";
export { findPortQueues, type PortQueue, type QueueDirection } from "./tools/devlink/queues.ts";
export { findVnicCounters, type VnicCounters } from "./tools/devlink/vnic.ts";
export { readAvailableBytes, readDisks, readDisksExactly } from "./tools/df/df.ts";
export { readKernelLog } from "./tools/dmesg/dmesg.ts";
export { findNetdevFirmware, type NetdevFirmware } from "./tools/ethtool/driver-info.ts";
export { readEthtoolFeatures, readEthtoolStats } from "./tools/ethtool/ethtool.ts";
export { readGuestFacts } from "./tools/guest-agent/facts.ts";
export {
  type FrozenGuest,
  freezeGuest,
  isMarkedFrozen,
  thawGuest,
} from "./tools/guest-agent/freeze.ts";
export { guestExec, guestPing } from "./tools/guest-agent/guest-agent.ts";
export type { GuestExecResult } from "./tools/guest-agent/parse.ts";
export { listTemperatures, type TemperatureSensor } from "./tools/hwmon/hwmon.ts";
export { findRdmaCounters, type RdmaCounters } from "./tools/ibverbs/counters.ts";
export { listRdmaDevices, readRdmaFirmware } from "./tools/ibverbs/ibverbs.ts";
export type { RdmaDevice } from "./tools/ibverbs/parse.ts";
export { isInitramfsCurrent, makeInitramfs } from "./tools/initramfs/initramfs.ts";
export { listIommuGroups, readIommu } from "./tools/iommu/iommu.ts";
export { findIpmiWatts } from "./tools/ipmi/ipmi.ts";
export {
  addAddress,
  addBond,
  deleteBond,
  findDefaultRoutes,
  findRouteNetdev,
  joinBond,
  leaveBond,
  listLinks,
  readDefaultRouteNetdevs,
  readLinkState,
  removeAddress,
  setLinkState,
  setVfMac,
} from "./tools/iproute/iproute.ts";
export { listNeighbours, type Neighbour } from "./tools/iproute/neighbours.ts";
export type { DefaultRoute, LinkDetail } from "./tools/iproute/parse.ts";
export {
  readLinkMtu,
  readVfPortSettings,
  setLinkMtu,
  setVfPortSettings,
} from "./tools/iproute/port-settings.ts";
export { listVfCounters, type VfCounters } from "./tools/iproute/vf-counters.ts";
export { findLoggedFirmware } from "./tools/kernel-log/kernel-log.ts";
export { listLeftovers } from "./tools/leftovers/leftovers.ts";
export { LIBVIRT_DAEMON_PATHS } from "./tools/libvirt/commands.ts";
export {
  defineDomain,
  destroyDomain,
  isDomainDefined,
  listDomainVms,
  readDomainLastWords,
  readDomainState,
  resumeDomain,
  shutDownDomain,
  startDomain,
  undefineDomain,
} from "./tools/libvirt/domain.ts";
export {
  isLibvirtRestartDue,
  readFormerLines,
  readLibvirtUser,
  readLibvirtVersion,
  restoreLibvirtUser,
  setLibvirtUser,
} from "./tools/libvirt/libvirt.ts";
export type { DomainState } from "./tools/libvirt/parse.ts";
export type { FormerLines } from "./tools/libvirt/qemu-conf.ts";
export { listNumaNodes, readHugepages } from "./tools/memory/memory.ts";
export {
  DRIVER_BUILD_TIMEOUT_MS,
  findKernelsWithHeaders,
  findLoadedModule,
  findModuleOnDisk,
  hasKernelHeaders,
  type InstallRun,
  installOfed,
  listInstalledKernels,
  readOfedRelease,
  restartOpenibd,
  uninstallOfed,
} from "./tools/mlnxofed/mlnxofed.ts";
export type { InstallFailure, InstallOutcome } from "./tools/mlnxofed/parse.ts";
export { readFirmwareConfig, setFirmwareConfig } from "./tools/mlxconfig/mlxconfig.ts";
export {
  burnImage,
  findFirmwareTools,
  readFlint,
  readImage,
  readManagedDevice,
  readResetLevels,
  resetCard,
  updateFromArchive,
} from "./tools/mlxfw/mlxfw.ts";
export type { FlintAnswer, ManagedDevice, ResetLevel } from "./tools/mlxfw/parse.ts";
export {
  hasModule,
  listLoadedModules,
  listModulesAtBoot,
  loadModule,
} from "./tools/modules/modules.ts";
export { readSecureBoot } from "./tools/mokutil/mokutil.ts";
export { resolveLinks, writeKept } from "./tools/nbd/mounted-files.ts";
export {
  connectNbd,
  disconnectNbd,
  findFreeNbd,
  mountFileSystem,
  readFileSystems,
  unmountFolder,
} from "./tools/nbd/nbd.ts";
export { type DatapathFlow, readDatapathFlows } from "./tools/ovs/flows.ts";
export { readVswitchdLog } from "./tools/ovs/log.ts";
export {
  addNicFlow,
  compareFlows,
  deleteNicFlows,
  hasExactly,
  listOpenFlows,
  type OpenFlow,
} from "./tools/ovs/open-flows.ts";
export {
  addBridge,
  addPort,
  clearRestartPending,
  deleteBridge,
  deletePort,
  type OvsDatabase,
  readFdb,
  readOvs,
  readOvsDatabase,
  restartOvs,
  setHwOffload,
  startOvs,
} from "./tools/ovs/ovs.ts";
export type { FdbEntry } from "./tools/ovs/parse.ts";
export {
  clearShaping,
  type PortLimits,
  readPortLimits,
  readPortTag,
  setPolicing,
  setPortTag,
  setShaping,
} from "./tools/ovs/port-settings.ts";
export { type InterfaceStatistics, listInterfaceStatistics } from "./tools/ovs/statistics.ts";
export {
  findNewestKernel,
  installPackages,
  listInstalledPackages,
  readFileStamp,
  readPackageStamp,
  removePackages,
} from "./tools/packages/packages.ts";
export { readRebootRequired } from "./tools/packages/reboot-required.ts";
export {
  disableRepository,
  enableRepository,
  isRepositoryReady,
  listEnabledRepositories,
  repositoryFile,
  repositoryFiles,
} from "./tools/packages/repositories.ts";
export {
  bindPciDriver,
  findEthernetPfs,
  listIommuGroupPeers,
  listNetworkFunctions,
  listVfAddresses,
  type PciFunction,
  readPciDriver,
  readPciDriverOverride,
  readPciFunction,
  readPciLink,
  readVfCount,
  restorePciDriver,
  writeVfCount,
} from "./tools/pci/pci.ts";
export { parsePing } from "./tools/ping/parse.ts";
export { pingAddress } from "./tools/ping/ping.ts";
export { listRaplZones, type RaplZone, raplIncrease } from "./tools/powercap/powercap.ts";
export {
  findMemoryLock,
  listBlockedProcesses,
  listVhostHolders,
} from "./tools/processes/processes.ts";
export type { CpuInfo, OsRelease, ProcessStat } from "./tools/procfs/parse.ts";
export {
  findProcess,
  findProcessCpuSeconds,
  findProcessesWith,
  readBootId,
  readCpuBusySeconds,
  readCpuInfo,
  readKernelArguments,
  readKernelRelease,
  readMachine,
  readMemoryBytes,
  readOsRelease,
} from "./tools/procfs/procfs.ts";
export { type CpuTimes, findProcessUsage, readCpuTimes, readMemory } from "./tools/procfs/usage.ts";
export { type BuildStage, buildQemu } from "./tools/qemu/build.ts";
export { confirmBuild, findBuild, removeBuild, startBuild } from "./tools/qemu/build-boot.ts";
export {
  findQemuVersion,
  linkQemu,
  listQemuPlaces,
  listQemus,
  readQemuLink,
} from "./tools/qemu/installed.ts";
export { boundErrorLog, readVmEnd } from "./tools/qemu/last-words.ts";
export type { VmNic } from "./tools/qemu/parse.ts";
export {
  detectAccelerator,
  killVm,
  readQemuVersion,
  readVmNicOptions,
  readVmNics,
  readVmProcess,
  startQemu,
} from "./tools/qemu/qemu.ts";
export type { VmProcess } from "./tools/qemu/qemu-process.ts";
export type { ImageInfo } from "./tools/qemu-img/parse.ts";
export {
  buildSeed,
  convertImage,
  createDisk,
  growDisk,
  type ImageBounds,
  inspectImage,
  protectImage,
  readDiskInfo,
} from "./tools/qemu-img/qemu-img.ts";
export {
  addTlsKey,
  cancelMigration,
  continueGuest,
  continueMigration,
  endExport,
  endMirror,
  exportDisk,
  findDiskNode,
  forgetMirror,
  listenForMemory,
  type MigrationProgress,
  type MirrorProgress,
  mirrorDisk,
  prepareMigration,
  queryMigration,
  queryMigrationBlockers,
  queryMirror,
  removeTlsKey,
  startMigration,
} from "./tools/qmp/migration.ts";
export type { VmStatus } from "./tools/qmp/parse.ts";
export { openQmp, type QmpSession, queryStatus, queryVcpuThreads } from "./tools/qmp/qmp.ts";
export { findPowerPath, readChassisWatts } from "./tools/redfish/chassis-power.ts";
export { type RedfishConnection, withRedfish } from "./tools/redfish/connection.ts";
export {
  addNicJob,
  findLastNicJob,
  forgetPendingNic,
  listNicFunctions,
  type NicModeState,
  readNicModeState,
  readNicRegistry,
  requestNicMode,
} from "./tools/redfish/nics.ts";
export {
  type BiosRegistryEntry,
  isOpenJob,
  type RedfishSystem,
} from "./tools/redfish/parse.ts";
export {
  addBiosJob,
  type BiosState,
  findBmcJob,
  findLastBiosJob,
  forgetPendingBios,
  listOpenJobs,
  readBiosRegistry,
  readBiosState,
  readBmcFacts,
  readSystem,
  removeBmcJob,
  requestBiosSettings,
  requestReset,
} from "./tools/redfish/redfish.ts";
export {
  BMC_SETTINGS_PATH,
  type BmcSettings,
  bmcSettingsPathOf,
  parseBmcSettings,
  readBmcSettings,
  readBmcSettingsOf,
} from "./tools/redfish/settings.ts";
export { hasSystemd } from "./tools/scope.ts";
export { readLockdown, readSelinux } from "./tools/security/security.ts";
export {
  boundSerialLog,
  readSerialLog,
  type SerialLogBounds,
  type SerialLogPaths,
  type SerialLogRequest,
} from "./tools/serial-log/serial-log.ts";
export { syncDisks } from "./tools/sync/sync.ts";
export { readThreadCpus, setThreadCpus } from "./tools/taskset/taskset.ts";
export type { IngressFilter } from "./tools/tc/parse.ts";
export { listIngressFilters, readHasIngress, readIngressRules } from "./tools/tc/tc.ts";
export { readClockSynchronized } from "./tools/timedatectl/timedatectl.ts";
export { listOptional, readOptional } from "./tools/tool.ts";
export {
  addVdpaDevice,
  deleteVdpaDevice,
  findVdpaDevice,
  listMgmtdevs,
  listVdpaDevices,
  type VdpaDeviceOptions,
} from "./tools/vdpa/vdpa.ts";
export { findQueueStats, type QueueStats } from "./tools/vdpa/vstats.ts";
