import type { ImageDesired } from "../desired/image.ts";
import type { NicKind } from "../desired/nic.ts";
import type { GuestMemory } from "../desired/tuning.ts";
import type { BootSource } from "../desired/vm.ts";
import type { Accelerator } from "../inventory/inventory.ts";
import type { Argv } from "./argv.ts";
import { imagePaths, vmDiskPaths } from "./image.ts";

/** Files of one VM on its host, all in one folder of its own. */
export interface VmPaths {
  readonly folder: string;
  readonly qmpSocket: string;
  readonly guestAgentSocket: string;
  readonly pidFile: string;
  /** Where the serial console can be connected to, by one at a time. */
  readonly serialSocket: string;
  /** What QEMU appends to. */
  readonly serialLog: string;
  /** The end of what was in it before it was emptied. */
  readonly serialOldLog: string;
  /** How many bytes were ever written before those in `serialLog`. */
  readonly serialBase: string;
  /** The domain as it was given to libvirt; there for VMs that libvirt runs, and only for those. */
  readonly domainFile: string;
  /** What QEMU says on its standard error once it runs; kept short. */
  readonly errorLog: string;
  /** JSON sidecar that says which job and epoch started the process. */
  readonly stampFile: string;
  /** There while the guest's file systems are frozen, or may be; holds when they are thawed, for people. */
  readonly frozenMark: string;
  /** JSON that says which CPUs its vCPUs have for themselves. */
  readonly cpusFile: string;
  /** JSON of a live move from here or to here. */
  readonly migrationFile: string;
  /** Holds the key of a live move, as QEMU reads it. */
  readonly tlsFolder: string;
}

/** Folder under which every VM has its own. On tmpfs: a reboot ends VMs and their files together. */
export const VM_RUN_FOLDER = "/run/switchyard/vms";

export function vmPaths(vm: string): VmPaths {
  const folder = `${VM_RUN_FOLDER}/${vm}`;
  return {
    folder,
    qmpSocket: `${folder}/qmp.sock`,
    guestAgentSocket: `${folder}/qga.sock`,
    pidFile: `${folder}/qemu.pid`,
    serialSocket: `${folder}/serial.sock`,
    serialLog: `${folder}/serial.log`,
    serialOldLog: `${folder}/serial.old.log`,
    serialBase: `${folder}/serial.base`,
    domainFile: `${folder}/domain.xml`,
    errorLog: `${folder}/qemu.log`,
    stampFile: `${folder}/stamp.json`,
    frozenMark: `${folder}/frozen`,
    cpusFile: `${folder}/cpus.json`,
    migrationFile: `${folder}/migration.json`,
    tlsFolder: `${folder}/tls`,
  };
}

/** Queues, control queue and configuration interrupt: 2 x pairs + 2 (16 pairs: 34). */
export const msixVectors = (queuePairs: number): number => 2 * queuePairs + 2;

/** A guest's NIC as QEMU is given it. */
export type QemuNic =
  | {
      readonly kind: "vdpa";
      /** Character device of the vDPA device. */
      readonly vhostPath: string;
      readonly queuePairs: number;
      /** The vDPA device's own. */
      readonly mac: string;
    }
  | {
      readonly kind: "sriov";
      /** A VF that a vfio driver holds. */
      readonly pciAddress: string;
    };

export interface QemuOptions {
  readonly vm: string;
  readonly accelerator: Accelerator;
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Undefined: what QEMU takes by itself. */
  readonly memory?: GuestMemory;
  readonly boot: BootSource;
  /** The image, where it boots from one. */
  readonly image?: ImageDesired;
  readonly nics: readonly QemuNic[];
  readonly hasGuestAgent: boolean;
  /** Waits for a guest from elsewhere instead of booting one, and does not run it when it has come. */
  readonly isAwaiting?: boolean;
}

const MIB = 1024 * 1024;

const READ_ONLY = "format=raw,readonly=on";

/** The disk comes first; an ISO is booted only until the disk has something to boot. */
function imageArguments({ vm, boot, image }: QemuOptions): string[] {
  const paths = vmDiskPaths(vm);
  const isIso = image?.spec.format === "iso";
  const isImage = boot.kind === "image";
  const hasDisk = !isIso || (isImage && boot.diskBytes !== undefined);
  const hasSeed = isImage && boot.guestSetup?.method === "cloud-init";
  return [
    ...(hasDisk ? ["-drive", `file=${paths.disk},format=qcow2,if=virtio`] : []),
    ...(isIso ? ["-drive", `file=${imagePaths(image.spec).base},${READ_ONLY},media=cdrom`] : []),
    ...(hasSeed ? ["-drive", `file=${paths.seed},${READ_ONLY},if=virtio`] : []),
    ...(isIso ? ["-boot", "order=cd"] : []),
  ];
}

function bootArguments(options: QemuOptions): string[] {
  const { boot } = options;
  switch (boot.kind) {
    case "disk":
      return ["-drive", `file=${boot.path},format=${boot.format},if=virtio`];
    case "kernel":
      return ["-kernel", boot.kernelPath, "-initrd", boot.initrdPath, "-append", boot.commandLine];
    case "image":
      return imageArguments(options);
  }
}

/**
 * A serial port on a socket. Its log is written also while nobody is connected, and for appending, so that the
 * agent may cut it short while QEMU holds it open.
 *
 * @see qemu/qemu chardev/char.c, qemu_char_open: O_APPEND with logappend, else O_TRUNC
 */
export const serialArguments = ({ serialSocket, serialLog }: VmPaths): readonly string[] => [
  "-chardev",
  `socket,path=${serialSocket},server=on,wait=off,id=serial0,logfile=${serialLog},logappend=on`,
  "-serial",
  "chardev:serial0",
];

const MEMORY_ID = "ram0";

/**
 * Guest memory by an object of its own. Huge pages come from a memfd, which needs no mount of the size and
 * leaves no file behind; they are taken at the start, so that a VM which started never lacks one.
 *
 * @see qemu-system-x86_64(1), -object memory-backend-memfd; qemu/qemu qapi/qom.json
 */
function memoryArguments({ memory, memoryBytes }: QemuOptions): string[] {
  if (memory === undefined) return [];
  const { hugepageBytes, node } = memory;
  const kind = hugepageBytes === undefined ? "memory-backend-ram" : "memory-backend-memfd";
  const parts = [
    kind,
    `id=${MEMORY_ID}`,
    `size=${Math.floor(memoryBytes / MIB)}M`,
    ...(hugepageBytes === undefined
      ? []
      : ["hugetlb=on", `hugetlbsize=${hugepageBytes / MIB}M`, "share=on", "prealloc=on"]),
    ...(node === undefined ? [] : [`host-nodes=${node.number}`, `policy=${node.policy}`]),
  ];
  return ["-object", parts.join(",")];
}

function nicArguments(nic: QemuNic, index: number): string[] {
  if (nic.kind === "sriov") return ["-device", `vfio-pci,host=${nic.pciAddress}`];
  const { vhostPath, queuePairs, mac } = nic;
  const id = `vhost-vdpa${index}`;
  const device = [
    "virtio-net-pci",
    "mq=on",
    `vectors=${msixVectors(queuePairs)}`,
    `netdev=${id}`,
    "page-per-vq=on",
    "disable-legacy=on",
    `mac=${mac}`,
    "romfile=",
  ].join(",");
  const netdev = `type=vhost-vdpa,vhostdev=${vhostPath},queues=${queuePairs},id=${id}`;
  return ["-netdev", netdev, "-device", device];
}

/** What QEMU locks beside guest memory: firmware, video memory, tables. The share that libvirt gives it. */
const MEMORY_LOCK_SLACK_BYTES = 1024 ** 3;

/**
 * Memory that QEMU may lock, in bytes: guest memory once for each vDPA device, whose pages are counted by
 * themselves, and once for all functions by vfio; and 1 GiB.
 *
 * @see torvalds/linux drivers/vhost/vdpa.c, vhost_vdpa_pa_map (RLIMIT_MEMLOCK); libvirt/libvirt
 *   src/qemu/qemu_domain.c, qemuDomainGetMemLockLimitBytes
 */
export function memoryLockBytes(
  memoryBytes: number,
  nics: readonly { readonly kind: NicKind }[],
): number {
  const vdpaCount = nics.filter(({ kind }) => kind === "vdpa").length;
  const byVfio = nics.some(({ kind }) => kind === "sriov") ? 1 : 0;
  return memoryBytes * (vdpaCount + byVfio) + MEMORY_LOCK_SLACK_BYTES;
}

/**
 * A daemon's standard error goes where its log goes, and to nowhere without one; `page` is a topic that only user-mode
 * emulation has. A guest that panics stays there paused, so that it is told from one that powered off.
 *
 * @see qemu/qemu os-posix.c, os_setup_post; util/log.c; docs/specs/pvpanic.rst
 */
const lastWordsArguments = ({ errorLog }: VmPaths): readonly string[] => [
  ...["-d", "page", "-D", errorLog],
  ...["-device", "pvpanic", "-action", "panic=pause"],
];

/**
 * QEMU with its NICs: vhost-vdpa as the seed procedure starts it (mq, vectors 2q+2, page-per-vq,
 * disable-legacy, and the vDPA device's own MAC), or VFs by vfio. `-daemonize` makes it outlive the agent,
 * and makes its exit status say whether it started. The memory lock limit is what pinned guest memory needs,
 * because vhost_vdpa counts it, also for root.
 *
 * @see qemu/qemu net/vhost-vdpa.c, hw/vfio/pci.c; torvalds/linux drivers/vhost/vdpa.c (RLIMIT_MEMLOCK)
 */
export function qemuVm(options: QemuOptions): Argv {
  const paths = vmPaths(options.vm);
  const guestAgent = options.hasGuestAgent
    ? [
        "-chardev",
        `socket,path=${paths.guestAgentSocket},server=on,wait=off,id=qga0`,
        "-device",
        "virtio-serial-pci",
        "-device",
        "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0",
      ]
    : [];
  return [
    "prlimit",
    `--memlock=${memoryLockBytes(options.memoryBytes, options.nics)}`,
    "--",
    "qemu-system-x86_64",
    "-name",
    `${options.vm},process=sy-${options.vm}`,
    "-machine",
    `q35,accel=${options.accelerator}${options.memory === undefined ? "" : `,memory-backend=${MEMORY_ID}`}`,
    "-cpu",
    options.accelerator === "kvm" ? "host" : "max",
    "-smp",
    `${options.vcpuCount},sockets=1,cores=${options.vcpuCount},threads=1`,
    "-m",
    `${Math.floor(options.memoryBytes / MIB)}M`,
    ...memoryArguments(options),
    "-nodefaults",
    "-vga",
    "none",
    "-display",
    "none",
    ...bootArguments(options),
    ...options.nics.flatMap(nicArguments),
    ...guestAgent,
    ...serialArguments(paths),
    "-qmp",
    `unix:${paths.qmpSocket},server=on,wait=off`,
    "-pidfile",
    paths.pidFile,
    ...lastWordsArguments(paths),
    ...(options.isAwaiting === true ? ["-incoming", "defer", "-S"] : []),
    "-daemonize",
  ];
}
