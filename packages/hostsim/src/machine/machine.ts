import type { EswitchMode, PciAddress } from "@switchyard/model";
import { type Clock, newUuid, type Random } from "@switchyard/runtime";
import type { Idrac } from "../bmc/idrac.ts";
import type { FileStore } from "../files/file-store.ts";
import type { HttpServers } from "../http/http.ts";
import type { SimWire, WirePort } from "../l2/wire.ts";
import type { OvsDatabase } from "../ovs/database.ts";
import type { Datapath } from "../ovs/datapath.ts";
import type { SimWeb } from "../web/sim-web.ts";
import type { CardFirmware } from "./firmware.ts";
import type { BootedKernel } from "./kernels.ts";
import type { ManagementPorts } from "./migration-side.ts";
import type { Mount, NbdConnection } from "./nbd.ts";
import type { Counters, Netdev } from "./netdev.ts";
import type { PackageState } from "./packages/packages.ts";
import type { Process } from "./process.ts";
import type { MachineSpec } from "./spec.ts";

export interface Vf {
  readonly pf: PciAddress;
  readonly index: number;
  readonly pciAddress: PciAddress;
  /** Of the function; the upper half of its devlink port indexes. */
  readonly vhcaId: number;
  driver: string | undefined;
  driverOverride: string | undefined;
  /** Set through the PF; the zero address until someone does. */
  adminMac: string;
  /** Tag that the card puts on and takes off in legacy mode; 0: none. */
  vlan: number;
  /** Whether the card lets it send with its own MAC only. */
  isSpoofChecked: boolean;
  /** Most it may send, in Mbit/s; 0: no limit. */
  maxTxMbps: number;
  /** What the card counted for it in legacy mode, as the VF sees it; in switchdev mode its representor has that. */
  readonly counters: Counters;
}

export interface Pf {
  readonly pciAddress: PciAddress;
  readonly port: number;
  readonly netdev: string;
  mode: EswitchMode;
  vfs: readonly Vf[];
}

export interface VdpaDevice {
  readonly name: string;
  readonly vf: PciAddress;
  readonly mac: string;
  readonly mtu: number;
  readonly pairs: number;
  /** `vhost_vdpa`, `virtio_vdpa`, or undefined while no bus driver is loaded. */
  driver: string | undefined;
  /** N of `/dev/vhost-vdpa-N`; undefined without `vhost_vdpa`. */
  minor: number | undefined;
}

/** ovs-vswitchd as it runs: what it read when it started stays until it is started again. */
export interface Vswitchd {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly offloads: boolean;
}

export interface Load {
  /** User time of processes that have ended. */
  endedSeconds: number;
  /** Frames that the card did not forward by itself. */
  softwareFrames: number;
}

/** Why a domain of libvirt does not run. @see virsh(1), domstate */
export type ShutoffReason = "unknown" | "shutdown" | "destroyed" | "crashed" | "failed";

/** Everything that a reboot forgets. */
export interface Boot {
  readonly id: string;
  readonly startedAtMs: number;
  readonly kernel: BootedKernel;
  /** What was installed when it booted. */
  readonly packages: PackageState["installed"];
  readonly modules: Set<string>;
  readonly pfs: readonly Pf[];
  readonly netdevs: Map<string, Netdev>;
  readonly vdpaDevices: Map<string, VdpaDevice>;
  readonly processes: Map<number, Process>;
  readonly datapath: Datapath;
  readonly kernelLog: string[];
  /** Called whenever a process ends, by operations that wait for a character device to be let go. */
  readonly waiters: Set<() => void>;
  /** What the CPUs did that is no running process's. */
  readonly load: Load;
  /** Disks shown as block devices, by device name. */
  readonly nbd: Map<string, NbdConnection>;
  /** By folder. */
  readonly mounts: Map<string, Mount>;
  /** Device removals that wait inside the kernel, with the objects they hold up. */
  readonly stuck: Set<string>;
  /** Of the NIC's driver as it runs; undefined for the kernel's own. */
  driverVersion: string | undefined;
  /** Why libvirt's domains do not run, by name. */
  readonly shutoffReasons: Map<string, ShutoffReason>;
  /** libvirt's daemon was stopped; what it started goes on. */
  isLibvirtDown: boolean;
  ovsdbPid: number | undefined;
  vswitchd: Vswitchd | undefined;
  nextIfindex: number;
  nextPid: number;
}

/**
 * One machine: its parts, what it remembers over a reboot, and what it does not. Transitions are
 * functions beside the part they change; nothing else writes here.
 */
export interface Machine {
  readonly spec: MachineSpec;
  readonly clock: Clock;
  readonly random: Random;
  /** Cables of the card's ports; a port without one has no carrier. */
  readonly cables: Map<PciAddress, WirePort>;
  /** The switch those cables end in. */
  readonly wire: SimWire | undefined;
  /** What can be downloaded. */
  readonly web: SimWeb;
  readonly firmware: CardFirmware;
  readonly files: FileStore;
  /** Goes on while the machine is off. */
  readonly bmc: Idrac;
  /** Web servers that the machine reaches. */
  readonly httpServers: HttpServers;
  /** BMCs of all machines of its fleet, by address: one management network. */
  readonly bmcs: HttpServers;
  /** What listens in its fleet for VMs that come. */
  readonly managementPorts: ManagementPorts;
  readonly packages: PackageState;
  readonly ovsDatabase: OvsDatabase;
  boot: Boot;
  bootCount: number;
  /** Groups that are not numbered as this model numbers them. */
  readonly iommuGroups: Map<PciAddress, number>;
}

/** Lines of kernel log kept, as the ring buffer of a real kernel forgets too. */
const KERNEL_LOG_LINES_MAX = 500;

/** Appends a line to the kernel log, in the form `dmesg` prints. */
export function logKernel(machine: Machine, text: string): void {
  const seconds = (machine.clock.nowMs() - machine.boot.startedAtMs) / 1000;
  const { kernelLog } = machine.boot;
  kernelLog.push(`[${seconds.toFixed(6).padStart(12)}] ${text}`);
  if (kernelLog.length > KERNEL_LOG_LINES_MAX) kernelLog.shift();
}

export const newMachineUuid = (machine: Pick<Machine, "clock" | "random">): string =>
  newUuid(machine.clock, machine.random);

export const findPf = (machine: Machine, address: string): Pf | undefined =>
  machine.boot.pfs.find((pf) => pf.pciAddress === address);

export const allVfs = (machine: Machine): readonly Vf[] => machine.boot.pfs.flatMap((pf) => pf.vfs);

/** Every file of sysfs is found through it, so that it makes no list of them all. */
export function findVf(machine: Machine, address: string): Vf | undefined {
  for (const { vfs } of machine.boot.pfs) {
    for (const vf of vfs) if (vf.pciAddress === address) return vf;
  }
  return undefined;
}

/** VHCA id of a port's own function: 0, 1 … in port order. */
export const pfVhcaId = (pf: Pf): number => pf.port;

export function vdpaOfVf(machine: Machine, vf: PciAddress): VdpaDevice | undefined {
  for (const device of machine.boot.vdpaDevices.values()) if (device.vf === vf) return device;
  return undefined;
}

/** `phys_switch_id`, one for all ports of the card. */
export const switchId = (machine: Machine): string => machine.spec.hardwareId;
