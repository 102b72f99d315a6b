import type { RateLimit } from "../desired/network.ts";
import type { VmRuntimeKind } from "../desired/vm-runtime.ts";
import type { Finding } from "../plan/finding.ts";
import type { Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { Psid } from "../values/psid.ts";
import type { Bmc } from "./bmc.ts";
import type { DriverInfo } from "./driver.ts";
import type { FirmwareVersions, NicFirmwareFacts } from "./firmware.ts";
import type { RestoreReport } from "./restore.ts";
import type { SystemFacts } from "./system.ts";
import type { VirtualizationFacts } from "./virtualization.ts";

/** What an agent stands on. Shown wherever a host or a result of it is shown. */
export type HostKind = "real" | "lab" | "simulated";

export type EswitchMode = "legacy" | "switchdev";

/** How QEMU runs guests there: hardware virtualisation, or software emulation where there is none. */
export type Accelerator = "kvm" | "tcg";

/** A Linux netdev as last seen. */
export interface Link {
  readonly netdev: string;
  readonly mac: string;
  /** Administratively up. */
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly mtu: number;
  readonly addresses: readonly Ipv4Cidr[];
}

/** What creates vDPA devices for one VF, and what it lets a caller choose. */
export interface Mgmtdev {
  /** `pci/0000:82:00.2`. */
  readonly handle: string;
  /** Data virtqueue pairs: (max_supported_vqs - 1) / 2, at least 1. */
  readonly maxVqp: number;
  /** False where the MAC is fixed by the device (vp_vdpa). */
  readonly canSetMac: boolean;
  /** False where the number of queue pairs can't be asked for. */
  readonly canSetMaxVqp: boolean;
}

export interface VdpaDevice {
  readonly name: string;
  readonly mgmtdevHandle: string;
  readonly mac: MacAddress | undefined;
  /** As `vdpa dev show` prints it: 2 x pairs + 1. */
  readonly maxVqs: number;
  /** Pairs in the device's config; undefined where it does not say. */
  readonly maxVqp: number | undefined;
  /** `/dev/vhost-vdpa-N`; undefined while no `vhost_vdpa` driver is bound. */
  readonly vhostPath: string | undefined;
  /** Present once a guest driver has negotiated. */
  readonly negotiatedFeatures: readonly string[] | undefined;
}

export interface Vf {
  readonly index: number;
  readonly pciAddress: PciAddress;
  /** Kernel driver bound to it; undefined when unbound. */
  readonly driver: string | undefined;
  /** Driver it must have for vDPA, from the NIC profile: `mlx5_core`, or `vp-vdpa` in the lab. */
  readonly vdpaDriver: string;
  readonly netdev: string | undefined;
  readonly mgmtdev: Mgmtdev | undefined;
  readonly vdpa: VdpaDevice | undefined;
  readonly representor: Link | undefined;
  /** MAC set through the PF (`ip link set PF vf N mac`); all zeros and absent are both undefined. */
  readonly adminMac: MacAddress | undefined;
  /** Set where hardware fixes the MAC of the VF's vDPA device. */
  readonly fixedMac: MacAddress | undefined;
  readonly iommuGroup: number | undefined;
  /** Other functions, bridges aside, in its IOMMU group: a VM would have to be given them all. */
  readonly iommuGroupPeers?: readonly PciAddress[];
}

/** Drivers that give a VF to a VM. @see torvalds/linux drivers/vfio/pci */
export type VfioDriver = "vfio-pci" | "mlx5_vfio_pci";

export interface PciLink {
  readonly speedGtps: number;
  readonly width: number;
  readonly maxSpeedGtps: number;
  readonly maxWidth: number;
}

export interface Pf {
  readonly pciAddress: PciAddress;
  readonly link: Link;
  /** `pci/0000:82:00.0`, or `netdevsim/netdevsim1` in the lab. */
  readonly devlinkHandle: string;
  /** File that sets the VF count: `…/sriov_numvfs`, or MLNX_OFED's `…/mlx5_num_vfs`. */
  readonly numVfsPath: string;
  readonly eswitchMode: EswitchMode;
  readonly totalVfs: number;
  readonly vfCount: number;
  /** SR-IOV routing, from which addresses of VFs that do not exist yet follow; undefined if unknown. */
  readonly sriov: { readonly offset: number; readonly stride: number } | undefined;
  /** Addresses the VFs will have, where the NIC profile fixes them. */
  readonly fixedVfAddresses: readonly PciAddress[];
  /** MACs that the VFs' vDPA devices will have, also of VFs that do not exist yet, where hardware fixes them. */
  readonly fixedVfMacs?: readonly { readonly index: number; readonly mac: MacAddress }[];
  /** Driver that the VFs must have for vDPA, also VFs that do not exist yet, where the NIC profile says it. */
  readonly fixedVdpaDriver?: string;
  /** -1 where BIOS gave no affinity. */
  readonly numaNode: number;
  readonly pciLink: PciLink | undefined;
  readonly carriesManagement: boolean;
  /** Switchyard made what is on it; only legacy mode needs to be told, switchdev shows by itself. */
  readonly isClaimed?: boolean;
  readonly vfs: readonly Vf[];
}

export interface Nic {
  /** Which NIC profile drives it: `mlx5`, or `mapped`. */
  readonly nicProfile: "mlx5" | "mapped";
  readonly model: string;
  readonly serial: string;
  readonly driver: string;
  readonly psid: Psid | undefined;
  readonly firmware: FirmwareVersions | undefined;
  /** Undefined where an older agent did not ask, or the card did not answer. */
  readonly firmwareFacts?: NicFirmwareFacts;
  /** Kernel modules that vDPA on this NIC needs, in load order. */
  readonly vdpaModules: readonly string[];
  /** Drivers this kernel has that hold VFs for VMs, best first; undefined where nobody looked. */
  readonly vfioDrivers?: readonly VfioDriver[] | undefined;
  readonly pfs: readonly Pf[];
  /** Undefined where it could not be read. */
  readonly driverInfo?: DriverInfo;
}

/** What is set of a port beyond its being there. A limit of what goes out is told only where it is ours. */
export interface ObservedPortSettings {
  readonly vlan?: number;
  readonly sendLimit?: RateLimit;
  readonly receiveLimit?: RateLimit;
}

export interface BridgePort {
  readonly name: string;
  /** -1 when vswitchd could not open the device; undefined before it tried. */
  readonly ofport: number | undefined;
  readonly error: string | undefined;
  readonly linkState: string | undefined;
  /** Absent where nothing is set. */
  readonly settings?: ObservedPortSettings;
}

export interface Bridge {
  readonly name: string;
  readonly isOurs: boolean;
  readonly isUp: boolean;
  readonly addresses: readonly Ipv4Cidr[];
  readonly ports: readonly BridgePort[];
}

export interface Ovs {
  /** Of the tools. */
  readonly version: string;
  /** Of the daemon, as it wrote it down; undefined where it never ran. */
  readonly daemonVersion?: string;
  readonly isRunning: boolean;
  readonly hwOffload: boolean;
  /** hw-offload was changed and the daemon not restarted since. */
  readonly isRestartPending: boolean;
  readonly bridges: readonly Bridge[];
}

/** The flow by which it was proven that the card carries traffic by itself. */
export interface OffloadProof {
  /** When it was seen in the card first. */
  readonly atMs: number;
  /** Netdevs of the ports it passes between. */
  readonly inPort: string;
  readonly outPort: string;
}

/** A kernel bond. */
export interface Bond {
  readonly name: string;
  /** As the kernel names it: `active-backup`, `802.3ad` … */
  readonly mode: string;
  /** Bears Switchyard's mark. */
  readonly isOurs: boolean;
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  /** Netdevs joined in it, sorted. */
  readonly ports: readonly string[];
}

export type VmProcessState = "running" | "paused" | "stopped" | "failed";

/** What a VM's process was given: a vDPA device, or a function. */
export interface ObservedVmNic {
  /** Empty for a function, whose MAC is its own. */
  readonly mac: string;
  /** Empty for a function. */
  readonly vhostPath: string;
  /** A function that the VM holds by vfio. */
  readonly pciAddress?: PciAddress;
}

/**
 * How a VM came to its end without a job of ours: `shut-down`: its guest powered off; `terminated`: QEMU was told to
 * end by a signal; `out-of-memory`: the kernel killed it; `crashed`: QEMU failed, and it or the kernel said how;
 * `killed`: it is gone without a word; `panicked`: the guest's kernel panicked; `halted`: QEMU holds it after an error.
 */
export type VmEndKind =
  | "shut-down"
  | "terminated"
  | "out-of-memory"
  | "crashed"
  | "killed"
  | "panicked"
  | "halted";

export interface VmEnd {
  readonly kind: VmEndKind;
  /** The words of whoever said so, at most {@link VM_END_CHARACTERS_MAX} characters. */
  readonly detail: string;
}

export const VM_END_CHARACTERS_MAX = 500;

/** A netdev inside a guest, as the guest has it. */
export interface GuestNetdev {
  readonly name: string;
  readonly mac: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** What a guest says of itself, through its agent. Nothing is decided by it: a guest may say anything. */
export interface GuestFacts {
  readonly hostname: string;
  /** As its maker calls it. */
  readonly os: string;
  readonly kernelRelease: string;
  readonly netdevs: readonly GuestNetdev[];
}

/** Bounds on what is taken of a guest's words. */
export const GUEST_FACTS_LIMITS = { netdevsMax: 16, addressesMax: 16, charactersMax: 128 } as const;

/** Guest file systems that are frozen. */
export interface GuestFreeze {
  /** 0 while an agent thaws what the one before it left frozen. */
  readonly fileSystemCount: number;
  /** When the host thaws them by itself, by its wall clock. */
  readonly thawAtMs: number;
}

/** A VM as its host sees it. */
export interface ObservedVm {
  readonly vm: string;
  readonly state: VmProcessState;
  readonly pid: number | undefined;
  /** Undefined from an agent that knows only one. */
  readonly runtime?: VmRuntimeKind;
  /** Job and epoch that started it, as stamped beside the process. */
  readonly startedBy: { readonly job: string; readonly epoch: number } | undefined;
  readonly nics: readonly ObservedVmNic[];
  readonly isGuestAgentUp: boolean;
  /** What the guest said of itself lately; undefined from one whose agent does not answer. */
  readonly guest?: GuestFacts;
  /** Undefined while its guest is not frozen. */
  readonly freeze?: GuestFreeze;
  readonly reason: string | undefined;
  /** Undefined while it runs, and where its end can't be told. */
  readonly end?: VmEnd;
  /** CPUs that its vCPUs have for themselves, in the vCPUs' order; undefined where they have none. */
  readonly pinnedCpus?: readonly number[];
}

/** One host as its agent observed it. Never holds anything wished for. */
export interface Inventory {
  readonly hostKind: HostKind;
  readonly observedAtMs: number;
  readonly bootId: string;
  readonly agentVersion: string;
  readonly os: {
    readonly id: string;
    /** Distributions it is like, nearest first. @see os-release(5), ID_LIKE */
    readonly idLike?: readonly string[];
    readonly versionId: string;
    readonly prettyName: string;
    readonly kernelRelease: string;
  };
  readonly machine: { readonly vendor: string; readonly model: string; readonly serial: string };
  readonly cpu: {
    readonly modelName: string;
    readonly socketCount: number;
    readonly threadCount: number;
    readonly hasVirtualization: boolean;
  };
  readonly memoryBytes: number;
  readonly accelerator: Accelerator;
  readonly iommuGroupCount: number;
  readonly modules: readonly string[];
  readonly nics: readonly Nic[];
  /** Undefined where the agent was told of none. */
  readonly bmc?: Bmc;
  readonly ovs: Ovs | undefined;
  /** Undefined while hw-offload is off, or no flow was seen in the card since it was turned on. */
  readonly offloadProof?: OffloadProof;
  /** Undefined where nobody looked. */
  readonly bonds?: readonly Bond[];
  readonly qemuVersion: string | undefined;
  /** Undefined from an agent that does not look at it. */
  readonly virtualization?: VirtualizationFacts;
  readonly vms: readonly ObservedVm[];
  /** Undefined from an agent that does not look at it. */
  readonly system?: SystemFacts;
  /** Undefined where nothing was kept to be made again, or no boot was since. */
  readonly restore?: RestoreReport;
  /** Sections that could not be read, as findings; the rest of the inventory still holds. */
  readonly findings: readonly Finding[];
}
