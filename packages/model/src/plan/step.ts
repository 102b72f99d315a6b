import type { Artefact } from "../artefacts/artefact.ts";
import type { BiosAttributes } from "../bmc/bios.ts";
import type { BmcEndpoint } from "../bmc/endpoint.ts";
import type { NicModeWish } from "../bmc/nic-function.ts";
import type { VfPortSettings } from "../commands/port-settings.ts";
import type { QemuSource } from "../commands/virtualization.ts";
import type { DiskEdit } from "../desired/disk-edit.ts";
import type { DriverInstall } from "../desired/driver.ts";
import type { FirmwareImage } from "../desired/firmware.ts";
import type { SeedFile } from "../desired/guest-setup.ts";
import type { BondMode } from "../desired/host-profile.ts";
import type { ImageDesired } from "../desired/image.ts";
import type { RateLimit } from "../desired/network.ts";
import type { GuestMemory } from "../desired/tuning.ts";
import type { VmDesired } from "../desired/vm.ts";
import type { DistroFamily } from "../distribution/distro-profile.ts";
import type { Repository } from "../distribution/repository.ts";
import type { HostId, MoveId } from "../ids/ids.ts";
import type { FirmwareTools } from "../inventory/firmware.ts";
import type { EswitchMode } from "../inventory/inventory.ts";
import type { KernelArgument } from "../kernel/kernel-arguments.ts";
import type { DiskTransfer } from "../moves/disk-transfer.ts";
import type { MigrationChannel } from "../moves/live-migration.ts";
import type { Ipv4Address, Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { RebootEffect } from "./reboot-effect.ts";

/** A VF by hardware fact: its PF and its index. */
export interface VfRef {
  readonly pf: PciAddress;
  readonly index: number;
}

/** A netdev by hardware fact where there is one; the executor finds its name at run time. */
export type LinkRef =
  | { readonly kind: "pf"; readonly pf: PciAddress }
  | { readonly kind: "representor"; readonly vf: VfRef }
  | { readonly kind: "vf"; readonly vf: VfRef }
  | { readonly kind: "netdev"; readonly netdev: string };

/**
 * Every step there is, from its name to its arguments. The union of steps and the agent's table of
 * executors both derive from this map, so a step without an executor does not compile. Each one reads,
 * compares, changes, and reads back; each may run twice.
 */
export interface StepArguments {
  /**
   * The card's flash holds the image; it runs after the next activation. The PSIDs of card and image are
   * compared again before a byte is written.
   */
  readonly ensureFirmwareStored: {
    readonly pf: PciAddress;
    readonly devlinkHandle: string;
    readonly image: FirmwareImage;
    /** Undefined where the image needs none, as Dell's packages do. */
    readonly tools: FirmwareTools | undefined;
    /** Takes the place of firmware that is not older. */
    readonly isForced: boolean;
  };
  /** Values of the card's configuration for the next boot; others stay as they are. */
  readonly ensureFirmwareConfig: {
    readonly pf: PciAddress;
    readonly tools: FirmwareTools;
    readonly values: Readonly<Record<string, string>>;
  };
  /** Firmware and configuration are in force, by a reset of the card and no boot. Its VFs must be gone. */
  readonly ensureCardReset: {
    readonly pf: PciAddress;
    readonly tools: FirmwareTools;
    readonly effects: readonly RebootEffect[];
  };
  /** The file is in the host's artefact store with the right content: copied, or downloaded and resumed. */
  readonly ensureArtefact: { readonly artefact: Artefact };
  /** The BMC holds the settings and a job that applies them with the next boot, or they are in force. */
  readonly ensureBiosSettings: {
    readonly bmc: BmcEndpoint;
    readonly systemPath: string;
    /** Those that differ, each as the BMC types it. */
    readonly attributes: BiosAttributes;
  };
  /** The BMC holds each NIC function's mode and a job that applies it with the next boot, or it is in force. */
  readonly ensureNicVirtualization: {
    readonly bmc: BmcEndpoint;
    /** Those that differ. */
    readonly functions: readonly NicModeWish[];
  };
  readonly ensureModules: { readonly modules: readonly string[] };
  /** Names, or names with version, as dnf and apt take them; what is there already is not upgraded. */
  readonly ensurePackages: { readonly family: DistroFamily; readonly specs: readonly string[] };
  /** Every boot entry has the arguments in force; those of a list key already hold what was there. */
  readonly ensureKernelArguments: {
    readonly family: DistroFamily;
    readonly arguments: readonly KernelArgument[];
  };
  /** The kernel that the next boot takes. */
  readonly ensureDefaultKernel: { readonly family: DistroFamily; readonly kernelRelease: string };
  /** Named in a file of modules-load.d, and loaded now where the running kernel has them. */
  readonly ensureModulesAtBoot: { readonly modules: readonly string[] };
  /** Newer than the kernel's modules. */
  readonly ensureInitramfs: { readonly family: DistroFamily; readonly kernelRelease: string };
  readonly ensureRepositories: {
    readonly family: DistroFamily;
    readonly repositories: readonly Repository[];
  };
  /** Passes through zero when both counts differ and neither is zero. */
  readonly ensureVfCount: {
    readonly pf: PciAddress;
    readonly numVfsPath: string;
    readonly count: number;
  };
  readonly ensureEswitchMode: {
    readonly pf: PciAddress;
    readonly devlinkHandle: string;
    readonly mode: EswitchMode;
  };
  readonly ensureVfDriver: { readonly vf: VfRef; readonly driver: string };
  /** Only in SR-IOV mode: in vDPA mode an admin MAC costs the VM its traffic (D14). */
  readonly ensureVfAdminMac: { readonly vf: VfRef; readonly mac: MacAddress };
  /** Marks a PF as Switchyard's, or takes the mark away. The mark ends with the boot, as VFs do. */
  readonly ensurePfClaim: { readonly pf: PciAddress; readonly isClaimed: boolean };
  /** The VF has exactly this vDPA device; another one on the VF is deleted first. */
  readonly ensureVdpaDevice: {
    readonly vf: VfRef;
    readonly name: string;
    readonly mac: MacAddress;
    /** Undefined where the management device does not take it. */
    readonly maxVqp: number | undefined;
    /** False where hardware fixes the MAC: it is then compared, not set. */
    readonly canSetMac: boolean;
  };
  readonly ensureNoVdpaDevice: { readonly vf: VfRef; readonly name: string };
  /** The ports are set down on the way in, which the kernel asks for; the bond brings them up again. */
  readonly ensureBond: {
    readonly bond: string;
    readonly mode: BondMode;
    readonly ports: readonly PciAddress[];
  };
  readonly ensureNoBond: { readonly bond: string };
  readonly ensureLinkState: { readonly link: LinkRef; readonly isUp: boolean };
  readonly ensureOvsRunning: Record<string, never>;
  /** Sets other_config:hw-offload and restarts vswitchd when it runs with another value. */
  readonly ensureHwOffload: { readonly isEnabled: boolean };
  readonly ensureBridge: {
    readonly bridge: string;
    /** One that others made will do as well. */
    readonly isAdopted?: boolean;
  };
  readonly ensureNoBridge: { readonly bridge: string };
  readonly ensureBridgePort: { readonly bridge: string; readonly link: LinkRef };
  readonly ensureNoBridgePort: { readonly bridge: string; readonly link: LinkRef };
  readonly ensureBridgeAddress: { readonly bridge: string; readonly address: Ipv4Cidr };
  /**
   * The image is in the host's cache: fetched, its sum compared, its header checked, converted, read-only.
   * Where a VM needs it, it is not evicted as long as the VM is there.
   */
  readonly ensureImage: { readonly image: ImageDesired; readonly lease: string | undefined };
  /** The VM has a disk of its own: what differs from its base, or an empty one where there is no base. */
  readonly ensureOverlay: {
    readonly vm: string;
    readonly base: string | undefined;
    /** Undefined: as large as the base. */
    readonly sizeBytes: number | undefined;
  };
  /** The VM has the disk it had on another host, byte for byte, copied from there over the bus. */
  readonly ensureDiskCopy: {
    readonly vm: string;
    readonly transfer: DiskTransfer;
    /** What the disk stands on here as there; undefined: on nothing. */
    readonly base: string | undefined;
  };
  /** Observes only: size and sum of the disk of a VM that is stopped. */
  readonly sealDisk: { readonly vm: string };
  /** The VM's disk has this size or more. Not taken back: a guest may have written to what was added. */
  readonly ensureDiskSize: { readonly vm: string; readonly sizeBytes: number };
  /** The VM has a cloud-init seed of exactly these files. */
  readonly ensureSeed: { readonly vm: string; readonly files: readonly SeedFile[] };
  /** Hostname, keys, password and addresses are in the VM's disk. Done once: the guest's changes stay. */
  readonly ensureDiskEdited: {
    readonly vm: string;
    readonly edit: DiskEdit;
    /** The disk was edited on another host and is only noted to be. */
    readonly isEdited?: boolean;
  };
  /** The VM's disk, its seed and its hold on an image are gone. */
  readonly ensureNoOverlay: { readonly vm: string };
  /** The port's access VLAN. */
  readonly ensurePortVlan: {
    readonly link: LinkRef;
    /** Undefined: untagged. */
    readonly vlan: number | undefined;
  };
  /** What the NIC behind the port may send and receive; a queueing discipline of others is replaced. */
  readonly ensurePortLimits: {
    readonly link: LinkRef;
    readonly mac: MacAddress;
    /** Undefined: no limit, also where the port is gone. */
    readonly send: RateLimit | undefined;
    readonly receive: RateLimit | undefined;
  };
  /** Flows let on only what the NIC sends with its own MAC and address. They are marked by their cookie. */
  readonly ensureAntiSpoof: {
    readonly bridge: string;
    readonly link: LinkRef;
    readonly mac: MacAddress;
    readonly address: Ipv4Address;
  };
  readonly ensureNoAntiSpoof: { readonly bridge: string; readonly mac: MacAddress };
  readonly ensureLinkMtu: {
    readonly link: LinkRef;
    readonly mtu: number;
    /** A larger one will do as well. */
    readonly isLeast?: boolean;
  };
  /** Only in legacy mode: the card itself tags, checks and limits. */
  readonly ensureVfPortSettings: { readonly vf: VfRef; readonly settings: VfPortSettings };
  readonly ensureVmRunning: {
    readonly vm: VmDesired;
    /** Undefined: what QEMU takes by itself. */
    readonly memory?: GuestMemory;
  };
  /**
   * A QEMU with the VM's devices waits on two ports for disk and memory of the VM, which runs elsewhere. Its guest
   * does not run, also not when all has come.
   */
  readonly ensureVmAwaited: {
    readonly vm: VmDesired;
    readonly move: MoveId;
    /** Public nkey of the host that it comes from. */
    readonly sender: string;
    readonly memory?: GuestMemory;
  };
  /** Disk and memory of the VM are where it is waited for, and its guest stands still here. */
  readonly ensureVmMigrated: { readonly vm: string; readonly channel: MigrationChannel };
  /** The guest whose memory has come runs here. Not taken back: it may have written since. */
  readonly ensureVmResumed: { readonly vm: string; readonly move: MoveId };
  /** The guest runs here, and nothing of it is on its way elsewhere. */
  readonly ensureVmKept: { readonly vm: string };
  /** Observes only: what the steps of a live move have written down. */
  readonly tellMigration: { readonly vm: string };
  readonly ensureVmStopped: { readonly vm: string; readonly gracePeriodMs: number };
  /** The thread of each vCPU on the CPU with the same place in the list. */
  readonly ensureVcpusPinned: { readonly vm: string; readonly cpus: readonly number[] };
  readonly ensureGuestAddress: {
    readonly vm: string;
    readonly mac: MacAddress;
    readonly address: Ipv4Cidr;
    /** Undefined: as the guest has it. */
    readonly mtu?: number;
    readonly timeoutMs: number;
  };
  /** Observes only. */
  readonly pingFromGuest: {
    readonly vm: string;
    readonly target: Ipv4Address;
    readonly count: number;
  };
  /** The driver is on disk for this kernel, which must be the running one: built, or removed for the inbox one. */
  readonly ensureDriverInstalled: {
    readonly driver: DriverInstall;
    readonly module: string;
    readonly kernelRelease: string;
  };
  /** The driver on disk is the one that runs. VFs, switchdev mode and vDPA devices go when it is not yet. */
  readonly ensureDriverLoaded: {
    readonly module: string;
    /** Undefined: the inbox driver. */
    readonly version: string | undefined;
  };
  /** This version of QEMU is built from source and installed beside any other. */
  readonly ensureQemuBuilt: { readonly source: QemuSource };
  /** `/usr/bin/qemu-system-x86_64` leads to this program. What is not a link of ours is never replaced. */
  readonly ensureQemuLink: { readonly target: string };
  /** libvirt runs QEMU as this user and group. */
  readonly ensureLibvirtUser: { readonly user: string; readonly group: string };
  /**
   * Boots the machine and looks for every effect in the boot after. Done once: a later boot does not make
   * it be done again.
   */
  readonly ensureRebooted: {
    readonly reason: string;
    readonly effects: readonly RebootEffect[];
    /** Takes the power away by the BMC, where a warm boot is not enough. */
    readonly isCold: boolean;
  };
  /** Another host has no power, as its BMC says. */
  readonly ensurePoweredOff: { readonly host: HostId; readonly bmc: BmcEndpoint };
  /** Touches nothing; for measuring dispatch. */
  readonly noop: Record<string, never>;
}

export type StepKind = keyof StepArguments;

/** Exactly what will be run or written, for people to read before it is. */
export type PlannedCommand =
  | { readonly kind: "run"; readonly argv: readonly string[] }
  | { readonly kind: "write"; readonly path: string; readonly text: string };

/** What a step costs the host while it runs. */
export type Disruption = "none" | "datapath" | "ovs-restart" | "reboot";

export interface StepOf<Kind extends StepKind> {
  /** Position and kind, unique in the plan: `03-ensureVfCount`. */
  readonly id: string;
  readonly kind: Kind;
  readonly arguments: StepArguments[Kind];
  /** One line for people: `Create 2 VFs on 0000:82:00.0`. */
  readonly title: string;
  /** Names not known before an earlier step ran stand in angle brackets: `<representor pf0vf0>`. */
  readonly commands: readonly PlannedCommand[];
  readonly disruption: Disruption;
  readonly isReversible: boolean;
  /**
   * Why the step may cut the host's management path. The agent confirms such a step by a round trip over the
   * bus before it counts as done, and takes it back by itself where no answer comes.
   */
  readonly guard?: string;
}

export type Step = { readonly [Kind in StepKind]: StepOf<Kind> }[StepKind];
