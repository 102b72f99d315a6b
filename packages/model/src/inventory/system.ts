import type { BootEntry, KernelArgument } from "../kernel/kernel-arguments.ts";

/** A kernel that is installed. */
export interface InstalledKernel {
  readonly release: string;
  /** What modules are built against is installed for exactly this release. */
  readonly hasHeaders: boolean;
}

/** Folders whose file systems are looked at. */
export const DISK_PATHS = ["/", "/boot", "/tmp", "/var", "/var/lib/switchyard"] as const;

/** A file system that a part of Switchyard or of the system writes to. */
export interface DiskSpace {
  /** The first of {@link DISK_PATHS} that lies on it. */
  readonly path: (typeof DISK_PATHS)[number];
  readonly sizeBytes: number;
  /**
   * For unprivileged users; rounded down to 256 MiB, on a small one to 1/32 of it, so that an inventory does
   * not change all the time.
   */
  readonly availableBytes: number;
}

/** The IOMMU as firmware offers it and the kernel uses it. */
export interface IommuFacts {
  /** Firmware has a DMAR or IVRS table: VT-d or AMD-Vi is on in BIOS. */
  readonly isAdvertised: boolean;
  /** Names in /sys/class/iommu: `dmar0`. */
  readonly units: readonly string[];
  /** How many groups there are of each type: `identity`, `DMA`, `DMA-FQ`. */
  readonly groupTypes: Readonly<Record<string, number>>;
}

/** A NUMA node with what is its own. */
export interface NumaNode {
  readonly node: number;
  /** Hardware threads; 0 for a node of memory alone. */
  readonly threadCount: number;
  /** 0 where no memory is plugged in beside the socket. */
  readonly memoryBytes: number;
  /** Numbers of its hardware threads, ascending; undefined from an agent that does not look. */
  readonly cpus?: readonly number[];
  /** Of each size that it has any of; undefined from an agent that does not look. */
  readonly hugepages?: readonly Hugepages[];
}

/** Huge pages set aside. */
export interface Hugepages {
  readonly sizeBytes: number;
  readonly count: number;
  /** Undefined from an agent that does not look. */
  readonly freeCount?: number;
}

export type SelinuxState = "enforcing" | "permissive" | "disabled";

/** What the kernel refuses to root. @see kernel_lockdown(7) */
export type Lockdown = "none" | "integrity" | "confidentiality";

/** What the agent observed of the operating system. A member that is undefined could not be read. */
export interface SystemFacts {
  /** systemd is its first process; undefined from an agent that does not look. @see sd_booted(3) */
  readonly hasSystemd?: boolean | undefined;
  /** Installed packages: name → version; of one installed several times, the version installed last. */
  readonly packages: Readonly<Record<string, string>> | undefined;
  /** Ids of the repositories that are enabled, sorted. */
  readonly repositories: readonly string[] | undefined;
  /** Installed kernels, oldest first. */
  readonly kernels: readonly InstalledKernel[] | undefined;
  /** Release of the newest kernel that is installed or on offer, from what the package manager has cached. */
  readonly newestKernel: string | undefined;
  /** What the running kernel was given. */
  readonly kernelArguments: readonly KernelArgument[] | undefined;
  /** What the bootloader will give each kernel. */
  readonly bootEntries: readonly BootEntry[] | undefined;
  /** Modules that are loaded at boot because a file says so. */
  readonly modulesAtBoot: readonly string[] | undefined;
  /** What was updated and comes into force only with a boot: `kernel`, `glibc`; empty for nothing. */
  readonly rebootRequiredBy: readonly string[] | undefined;
  readonly iommu: IommuFacts | undefined;
  readonly isSecureBoot: boolean | undefined;
  readonly lockdown: Lockdown | undefined;
  readonly selinux: SelinuxState | undefined;
  /** Huge pages set aside, by size in bytes. */
  readonly hugepages: readonly Hugepages[] | undefined;
  /** By number; undefined also from an agent that does not look at them. */
  readonly numaNodes?: readonly NumaNode[] | undefined;
  readonly disks: readonly DiskSpace[] | undefined;
  readonly isTimeSynchronized: boolean | undefined;
  /** `none`, or what the host itself runs in: `kvm`, `vmware`, `lxc`. @see systemd-detect-virt(1) */
  readonly virtualization: string | undefined;
}

/** Nothing of the operating system is known. */
export const UNKNOWN_SYSTEM: SystemFacts = {
  packages: undefined,
  repositories: undefined,
  kernels: undefined,
  newestKernel: undefined,
  kernelArguments: undefined,
  bootEntries: undefined,
  modulesAtBoot: undefined,
  rebootRequiredBy: undefined,
  iommu: undefined,
  isSecureBoot: undefined,
  lockdown: undefined,
  selinux: undefined,
  hugepages: undefined,
  numaNodes: undefined,
  disks: undefined,
  isTimeSynchronized: undefined,
  virtualization: undefined,
};
