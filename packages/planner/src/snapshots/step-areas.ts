import type { SnapshotArea, StepKind } from "@switchyard/model";

/** What a step may change of what snapshots hold; `all` where it boots or replaces drivers. */
type Reach = readonly SnapshotArea[] | "all";

const NOTHING: Reach = [];
const DEVICES: Reach = [
  "functions",
  "eswitches",
  "devlinkPorts",
  "mgmtdevs",
  "vdpaDevices",
  "links",
  "bridgePorts",
];
/** The daemons load what they need of the kernel. */
const OVS: Reach = ["ovs", "bridges", "bridgePorts", "links", "modules"];
const VDPA: Reach = ["vdpaDevices"];
const MODULES: Reach = ["modules", "mgmtdevs", "vdpaDevices"];

const REACH: Readonly<Record<StepKind, Reach>> = {
  ensureFirmwareStored: ["firmware"],
  ensureFirmwareConfig: ["firmware"],
  ensureArtefact: NOTHING,
  ensureBiosSettings: NOTHING,
  ensureNicVirtualization: NOTHING,
  ensureModules: MODULES,
  ensurePackages: ["modules"],
  ensureKernelArguments: ["system"],
  ensureDefaultKernel: ["system"],
  ensureModulesAtBoot: MODULES,
  ensureInitramfs: NOTHING,
  ensureRepositories: NOTHING,
  ensureVfCount: DEVICES,
  ensureEswitchMode: DEVICES,
  ensureVfDriver: ["functions", "devlinkPorts", "mgmtdevs", "vdpaDevices", "links"],
  ensureVfAdminMac: ["links"],
  ensurePfClaim: NOTHING,
  ensureVdpaDevice: VDPA,
  ensureNoVdpaDevice: VDPA,
  ensureBond: ["links", "modules"],
  ensureNoBond: ["links"],
  ensureLinkState: ["links"],
  ensureOvsRunning: OVS,
  ensureHwOffload: OVS,
  ensureBridge: OVS,
  ensureNoBridge: OVS,
  ensureBridgePort: ["bridgePorts", "links"],
  ensureNoBridgePort: ["bridgePorts", "links"],
  ensureBridgeAddress: ["links"],
  ensureImage: NOTHING,
  ensureOverlay: NOTHING,
  ensureDiskCopy: NOTHING,
  ensurePoweredOff: NOTHING,
  sealDisk: NOTHING,
  ensureDiskSize: NOTHING,
  ensureSeed: NOTHING,
  ensureDiskEdited: NOTHING,
  ensureNoOverlay: NOTHING,
  ensurePortVlan: ["bridgePorts"],
  ensurePortLimits: ["bridgePorts"],
  ensureAntiSpoof: NOTHING,
  ensureNoAntiSpoof: NOTHING,
  ensureLinkMtu: ["links"],
  ensureVfPortSettings: ["links"],
  ensureVmRunning: ["vdpaDevices", "links"],
  ensureVmAwaited: ["vdpaDevices", "links"],
  ensureVmMigrated: NOTHING,
  ensureVmResumed: ["vdpaDevices", "links"],
  ensureVmKept: NOTHING,
  tellMigration: NOTHING,
  ensureVmStopped: ["vdpaDevices", "links"],
  ensureGuestAddress: NOTHING,
  ensureVcpusPinned: NOTHING,
  pingFromGuest: NOTHING,
  ensureDriverInstalled: ["modules"],
  ensureCardReset: "all",
  ensureDriverLoaded: "all",
  ensureQemuBuilt: NOTHING,
  ensureQemuLink: NOTHING,
  ensureLibvirtUser: ["domains"],
  ensureRebooted: "all",
  noop: NOTHING,
};

/** Areas that are read again after a step of this kind. */
export const areasOfStep = (kind: StepKind): Reach => REACH[kind];
