import { createHash } from "node:crypto";
import type { FirmwareVersion, PciAddress } from "@switchyard/model";
import type { BiosValue } from "../bmc/idrac.ts";
import type { VirtualizationMode } from "../bmc/nics.ts";
import { DISTRIBUTIONS, type DistributionName } from "./packages/distribution.ts";
import type { SimPackage } from "./packages/package.ts";

/** Order in which the kernel makes representors, and so which of them gets the lowest free `ethN`. */
export type RepresentorOrder = "ascending" | "descending" | "shuffled";

/** Attributes of a vDPA device that its maker may choose. */
export type VdpaAttribute = "mac" | "mtu" | "max_vqp" | "device_features";

/** What a machine is made of; nothing in it changes while it runs. */
/** The network over which the host is managed. */
export interface ManagementSpec {
  /** Port that it is cabled to. */
  readonly netdev: string;
  readonly cidr: string;
  /** Its router, in the port's own subnet; bus and controllers are behind it. */
  readonly gateway: string;
  /** Whether the kernel sends by the router what it has no other route for; default true. */
  readonly hasDefaultRoute?: boolean;
}

export interface MachineSpec {
  readonly name: string;
  readonly serial: string;
  readonly cpu: {
    readonly modelName: string;
    readonly socketCount: number;
    readonly threadsPerSocket: number;
  };
  readonly memoryBytes: number;
  readonly distribution: DistributionName;
  readonly packages: PackagesSpec;
  /** Kernel that is installed, with its headers, and runs first. */
  readonly kernelRelease: string;
  /** Arguments that the first kernel was installed with. */
  readonly kernelArguments: string;
  /** Whether the machine boots its first kernel with its first arguments whatever the boot menu says. */
  readonly bootsFirstEntryAlways: boolean;
  readonly hasKvm: boolean;
  readonly hasIommu: boolean;
  readonly bmc: BmcAccessSpec;
  /** Whether the host has `/etc/switchyard/bmc.json`, so that its agent may use the BMC. */
  readonly isBmcConfigured: boolean;
  /** BIOS settings that differ from those of delivery, by attribute name. */
  readonly biosAttributes: Readonly<Record<string, BiosValue>>;
  /** VirtualizationMode in the card's own setup, of each port. */
  readonly nicVirtualization: VirtualizationMode;
  readonly management: ManagementSpec;
  readonly card: CardSpec;
  /** Sixteen hex digits, unique to this machine; its MAC addresses and switch id are made of them. */
  readonly hardwareId: string;
  readonly representorOrder: RepresentorOrder;
  /** Whether systemd starts Open vSwitch at boot. */
  readonly startsOvsAtBoot: boolean;
  readonly ovsVersion: string;
  readonly qemuVersion: string;
  /** Programs that are not installed. */
  readonly missingPrograms: readonly string[];
  /** Kernel modules that this kernel was built without, such as `mlx5_vfio_pci`. */
  readonly missingModules: readonly string[];
  /** Whether a switch to switchdev with VFs present fails as on a ConnectX-6 Lx (syndrome 0x98afbb). */
  readonly refusesSwitchdevWithVfs: boolean;
  /** Whether the card carries flows itself; one that does not takes no rule, and software goes on. */
  readonly carriesFlows: boolean;
  /** CPU threads that vswitchd keeps busy for nothing while it offloads, as a faulty one does; 0: a sound one. */
  readonly offloadBusyThreads: number;
  /** What its reporters tell when they are asked. */
  readonly cardFaults: CardFaults;
  /** Attributes that `vdpa dev add` takes here; an older driver takes fewer. */
  readonly vdpaAttributes: readonly VdpaAttribute[];
  /** MLNX_OFED's driver is installed at first: it also offers `mlx5_num_vfs`. */
  readonly hasOfed: boolean;
  readonly hasSecureBoot: boolean;
  /** Of /etc/selinux/config; only the RHEL family has SELinux. */
  readonly selinux: "enforcing" | "permissive";
  /** What a time service says of the clock. */
  readonly isTimeSynchronized: boolean;
  /** What the machine itself runs in, as systemd-detect-virt says it: `none`, `kvm`. */
  readonly virtualization: string;
  /** Sockets without memory of their own. */
  readonly emptyNodes: readonly number[];
  /** File systems without room, by where they are mounted: `/`, `/boot`, `/var`. */
  readonly fullDisks: readonly string[];
  /** Free on every file system. */
  readonly freeBytes: number;
  /** How long mlnxofedinstall builds; 10 to 30 minutes on a server. */
  readonly driverBuildMs: number;
  /** How long make compiles QEMU. */
  readonly qemuBuildMs: number;
  /** Modules that keep the vendor's from being unloaded: `nvme_core`. */
  readonly driverHolders: readonly string[];
  /** How long a guest needs from power-on to its network driver and agent. */
  readonly guestBootMs: number;
  /** How long a guest needs to shut down when asked. */
  readonly guestShutdownMs: number;
  /** How long a guest's memory takes to another host. */
  readonly guestMemorySendMs: number;
  /** How long its disk takes. */
  readonly guestDiskSendMs: number;
  /** Whether guests heed the power button. */
  readonly guestsHeedPowerdown: boolean;
  readonly rebootMs: number;
  /** How long writing an image into the flash takes; a real card needs minutes. */
  readonly firmwareBurnMs: number;
  /** Whether the card keeps its old firmware over a warm reboot. */
  readonly firmwareWaitsForColdCycle: boolean;
  /** Pause between two echo requests; the real program waits 1000. */
  readonly pingIntervalMs: number;
}

export interface PackagesSpec {
  /** Packages of the base set that are not installed. */
  readonly absent: readonly string[];
  /** Releases of the kernels that the distribution's repository offers. */
  readonly kernelsOffered: readonly string[];
  /** What repositories offer besides, by id; also those of somebody's own. */
  readonly offered: Readonly<Record<string, readonly SimPackage[]>>;
  /** Repositories that do not answer. */
  readonly unreachable: readonly string[];
}

export interface CardSpec {
  readonly model: string;
  readonly psid: string;
  readonly serial: string;
  readonly firmware: FirmwareVersion;
  readonly ports: readonly PortSpec[];
  /** NUM_OF_VFS of the firmware, per port. */
  readonly totalVfs: number;
  /** SRIOV_EN of the firmware. */
  readonly isSriovEnabled: boolean;
  /** Takes only images signed for its own PSID. */
  readonly isSecured: boolean;
  /** PSID the board was made with, where another one was burned over it. */
  readonly originalPsid: string | undefined;
  /** Data virtqueues of one VF; one control queue comes on top. */
  readonly dataQueues: number;
  readonly numaNode: number;
  /** PCIe lanes it got; it has 16. */
  readonly lanes: number;
}

/** What is wrong with a card, on its first port. */
export interface CardFaults {
  /** Of the firmware's health buffer; 0: none. */
  readonly firmwareSyndrome: number;
  /** Send queues of the PF in error, of the lowest numbers. */
  readonly failedSendQueueCount: number;
  /** Queues in error, by the VF's index. */
  readonly vfErrorQueues: Readonly<Record<number, number>>;
}

export const NO_CARD_FAULTS: CardFaults = {
  firmwareSyndrome: 0,
  failedSendQueueCount: 0,
  vfErrorQueues: {},
};

export interface PortSpec {
  readonly pciAddress: PciAddress;
  readonly netdev: string;
}

/** How the machine's BMC is reached from the host. */
export interface BmcAccessSpec {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly publicKeyPin: string;
}

/** Oldest running firmware that reaches switchdev mode. Source: the seed procedure (22.27.61.06 failed). */
export const SWITCHDEV_FIRMWARE_MIN = "22.39.0" as FirmwareVersion;

const GIB = 1024 ** 3;

/** Everything a caller may choose about a machine; the rest is the R740 of the seed procedure. */
export type MachineOverrides = Partial<
  Omit<MachineSpec, "card" | "packages"> &
    Pick<
      CardSpec,
      | "psid"
      | "totalVfs"
      | "dataQueues"
      | "isSriovEnabled"
      | "isSecured"
      | "originalPsid"
      | "numaNode"
      | "lanes"
    > & {
      readonly packages: Partial<PackagesSpec>;
      /** Running firmware, either spelling. */
      readonly firmware: string;
    }
>;

/** The BMC's own network runs beside the hosts': `10.20.0.11/16` has its BMC at `10.21.0.11`. */
function bmcAccess(hardwareId: string, managementCidr: string): BmcAccessSpec {
  const key = createHash("sha256").update(`bmc ${hardwareId}`).digest("base64");
  const address = managementCidr.replace(/^10\.20\./, "10.21.").replace(/\/\d+$/, "");
  return {
    address: `https://${address}`,
    user: "switchyard",
    password: `bmc-${hardwareId}`,
    publicKeyPin: `sha256//${key}`,
  };
}

/** The Dell R740 of the seed procedure, unlike any other one in names, serials and addresses. */
export function r740(options: {
  readonly name: string;
  readonly hardwareId: string;
  readonly firmware: FirmwareVersion;
  readonly managementCidr: string;
  readonly managementGateway: string;
  readonly overrides: MachineOverrides;
  readonly card?: Partial<CardSpec>;
}): MachineSpec {
  const { firmware: _, packages, ...chosen } = options.overrides;
  const { psid, totalVfs, dataQueues, isSriovEnabled, isSecured, originalPsid, ...others } = chosen;
  const { numaNode, lanes, ...overrides } = others;
  const id = options.hardwareId;
  const { defaultKernel } = DISTRIBUTIONS[overrides.distribution ?? "rocky9"];
  return {
    name: options.name,
    serial: id.slice(-7).toUpperCase(),
    cpu: {
      modelName: "Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz",
      socketCount: 2,
      threadsPerSocket: 40,
    },
    memoryBytes: 192 * GIB,
    distribution: "rocky9",
    packages: {
      absent: [],
      kernelsOffered: [defaultKernel],
      offered: {},
      unreachable: [],
      ...packages,
    },
    kernelRelease: defaultKernel,
    kernelArguments: "intel_iommu=on iommu=pt pci=realloc selinux=0",
    bootsFirstEntryAlways: false,
    hasKvm: true,
    hasIommu: true,
    bmc: bmcAccess(id, options.managementCidr),
    isBmcConfigured: false,
    biosAttributes: {},
    nicVirtualization: "SRIOV",
    management: {
      netdev: "eno1",
      cidr: options.managementCidr,
      gateway: options.managementGateway,
    },
    card: {
      model: "MT2892 Family [ConnectX-6 Dx]",
      psid: psid ?? "DEL0000000027",
      serial: `MT${id.slice(0, 10).toUpperCase()}`,
      firmware: options.firmware,
      ports: [
        { pciAddress: "0000:82:00.0" as PciAddress, netdev: "enp130s0f0np0" },
        { pciAddress: "0000:82:00.1" as PciAddress, netdev: "enp130s0f1np1" },
      ],
      totalVfs: totalVfs ?? 16,
      isSriovEnabled: isSriovEnabled ?? true,
      isSecured: isSecured ?? true,
      originalPsid,
      dataQueues: dataQueues ?? 64,
      numaNode: numaNode ?? 1,
      lanes: lanes ?? 16,
      ...options.card,
    },
    hardwareId: id,
    representorOrder: "ascending",
    startsOvsAtBoot: false,
    ovsVersion: "2.17.8+nvidia.e92ac07",
    qemuVersion: "8.2.0",
    missingPrograms: [],
    missingModules: [],
    refusesSwitchdevWithVfs: false,
    carriesFlows: true,
    offloadBusyThreads: 0,
    cardFaults: NO_CARD_FAULTS,
    vdpaAttributes: ["mac", "mtu", "max_vqp", "device_features"],
    hasOfed: true,
    hasSecureBoot: false,
    selinux: "enforcing",
    isTimeSynchronized: true,
    virtualization: "none",
    emptyNodes: [],
    fullDisks: [],
    freeBytes: 200 * GIB,
    driverBuildMs: 0,
    qemuBuildMs: 0,
    driverHolders: [],
    guestBootMs: 0,
    guestShutdownMs: 0,
    guestMemorySendMs: 0,
    guestDiskSendMs: 0,
    guestsHeedPowerdown: true,
    rebootMs: 0,
    firmwareBurnMs: 0,
    firmwareWaitsForColdCycle: false,
    pingIntervalMs: 0,
    ...overrides,
  };
}
