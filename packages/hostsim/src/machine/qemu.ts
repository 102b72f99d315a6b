import { ETHERNET_MTU, type PciAddress } from "@switchyard/model";
import { applySeed } from "../guest/cloud-init.ts";
import { createGuestConsole } from "../guest/console.ts";
import { applyDisk } from "../guest/edited-disk.ts";
import { runCloudInit } from "../guest/install.ts";
import { ownStacks } from "../guest/listeners.ts";
import { transmitFromVdpa, transmitFromVf } from "../l2/forwarding.ts";
import type { IpStack } from "../l2/ip-stack.ts";
import { type Act, note } from "./act.ts";
import { hasIommu, hasVirtualization } from "./bios.ts";
import { findForbiddenDevice } from "./device-policy.ts";
import type { Guest, GuestNic } from "./guest.ts";
import { iommuGroup } from "./iommu.ts";
import type { Machine } from "./machine.ts";
import { findVf } from "./machine.ts";
import { hugepageBytes, hugepagesOf, takenHugepages } from "./memory.ts";
import { createMigrationSide, type MigrationSide } from "./migration-side.ts";
import { isVfLinkUp, machineMac } from "./netdev.ts";
import { endProcess, holderOf, type Process, startProcess, virtualMachines } from "./process.ts";
import type { QemuNetdev, QemuOptions } from "./qemu-options.ts";
import { strerror } from "./refusal.ts";
import { createSerialPort, type SerialPort } from "./serial.ts";
import { ZERO_MAC } from "./vdpa.ts";

export type QemuStatus =
  | "running"
  | "paused"
  | "shutdown"
  | "guest-panicked"
  | "io-error"
  /** Waits for a guest from elsewhere. */
  | "inmigrate"
  /** Stopped for the last of a migration. */
  | "finish-migrate"
  /** All of the guest is elsewhere. */
  | "postmigrate";

/** An event as QMP sends it. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One running virtual machine. */
export interface Qemu {
  readonly name: string;
  readonly options: QemuOptions;
  readonly minors: readonly number[];
  /** RLIMIT_MEMLOCK it was started with. */
  readonly memoryLockBytes: number;
  readonly vfioDevices: readonly PciAddress[];
  readonly guest: Guest;
  readonly serial: SerialPort;
  readonly listeners: Set<(event: QmpEvent) => void>;
  /** Called once when the process is gone. */
  readonly closers: Set<() => void>;
  /** CPUs of threads that were told which to run on, by thread. */
  readonly affinity: Map<number, string>;
  readonly migration: MigrationSide;
  status: QemuStatus;
}

/** Why QEMU would not start: the text after `qemu-system-x86_64: `. */
export type QemuRefusal = { readonly refusal: string };

/** Salt of the MACs that firmware gives to VFs, apart from those of netdevs. */
const FIRST_VF_MAC = 0x8000;

/** Guest memory is pinned by vhost_vdpa and counted, with some slack, against RLIMIT_MEMLOCK. */
const PINNED_SLACK_BYTES = 1024 ** 2;

function checkPaths(machine: Machine, options: QemuOptions): string | undefined {
  for (const disk of options.disks) {
    if (!machine.files.isFile(disk.path)) {
      return `-drive ${disk.argument}: Could not open '${disk.path}': ${strerror("ENOENT")}`;
    }
    const isTaken = virtualMachines(machine).some((qemu) =>
      qemu.options.disks.some(({ path, isLocked }) => isLocked && path === disk.path),
    );
    if (isTaken && disk.isLocked) {
      const question = `Is another process using the image [${disk.path}]?`;
      return `-drive ${disk.argument}: Failed to get "write" lock\n${question}`;
    }
  }
  for (const [what, path] of [
    ["kernel file", options.kernelPath],
    ["initrd", options.initrdPath],
  ] as const) {
    if (path !== undefined && !machine.files.isFile(path)) {
      return `could not open ${what} '${path}': ${strerror("ENOENT")}`;
    }
  }
  for (const { argument, path } of options.sockets) {
    if (!machine.files.isFolder(path.slice(0, path.lastIndexOf("/")))) {
      return `${argument}: Failed to bind socket to ${path}: ${strerror("ENOENT")}`;
    }
  }
  const { pidFile } = options;
  const isLocked = virtualMachines(machine).some((qemu) => qemu.options.pidFile === pidFile);
  if (pidFile !== undefined && isLocked) {
    return `cannot create PID file: Cannot lock pid file: ${strerror("EAGAIN")}`;
  }
  if (
    pidFile !== undefined &&
    !machine.files.isFolder(pidFile.slice(0, pidFile.lastIndexOf("/")))
  ) {
    return `cannot create PID file: Cannot open pid file ${pidFile}: ${strerror("ENOENT")}`;
  }
  return undefined;
}

function checkNetdev(machine: Machine, netdev: QemuNetdev): string | undefined {
  const prefix = `-netdev ${netdev.argument}:`;
  if (netdev.vhostPath === undefined) {
    return `${prefix} vhost-vdpa: neither vhostdev= nor vhostfd= was specified`;
  }
  const device = [...machine.boot.vdpaDevices.values()].find(
    ({ minor }) => minor !== undefined && `/dev/vhost-vdpa-${minor}` === netdev.vhostPath,
  );
  if (device?.minor === undefined) {
    return `${prefix} Could not open '${netdev.vhostPath}': ${strerror("ENOENT")}`;
  }
  if (holderOf(machine, device.minor) !== undefined) {
    return `${prefix} Could not open '${netdev.vhostPath}': ${strerror("EBUSY")}`;
  }
  return undefined;
}

function checkVfio(machine: Machine, address: string): string | undefined {
  const argument = `-device vfio-pci,host=${address}`;
  const vf = machine.boot.pfs.flatMap(({ vfs }) => vfs).find((each) => each.pciAddress === address);
  if (vf === undefined) {
    const path = `/sys/bus/pci/devices/${address}`;
    return `${argument}: vfio ${path}: no such host device: ${strerror("ENOENT")}`;
  }
  const prefix = `${argument}: vfio ${address}:`;
  if (!hasIommu(machine)) return `${prefix} no iommu_group found: ${strerror("ENOENT")}`;
  const group = iommuGroup(machine, vf.pciAddress);
  const inGroup = machine.boot.pfs
    .flatMap(({ vfs }) => vfs)
    .filter((each) => iommuGroup(machine, each.pciAddress) === group);
  const unopened = `${prefix} failed to open /dev/vfio/${group}:`;
  // The group's file is there while vfio has one of its functions; one process at a time opens it.
  if (!inGroup.some(({ driver }) => driver?.includes("vfio"))) {
    return `${unopened} ${strerror("ENOENT")}`;
  }
  const isHeld = virtualMachines(machine).some(({ vfioDevices }) =>
    inGroup.some(({ pciAddress }) => vfioDevices.includes(pciAddress)),
  );
  if (isHeld) return `${unopened} ${strerror("EBUSY")}`;
  if (inGroup.some(({ driver }) => driver !== undefined && !driver.includes("vfio"))) {
    const hint =
      "Please ensure all devices within the iommu_group are bound to their vfio bus driver.";
    return `${prefix} group ${group} is not viable\n${hint}`;
  }
  return undefined;
}

/**
 * Guest memory is pinned for each vDPA device, which counts by itself, and once for all functions by vfio.
 *
 * @see torvalds/linux drivers/vhost/vdpa.c, vhost_vdpa_pa_map; drivers/vfio/vfio_iommu_type1.c, vfio_lock_acct
 */
function checkMemoryLock(options: QemuOptions, memoryLockBytes: number): string | undefined {
  const { memoryBytes, netdevs, vfioDevices } = options;
  const byVfio = vfioDevices.length > 0 ? 1 : 0;
  const pinned = memoryBytes * (netdevs.length + byVfio);
  if (pinned === 0 || memoryLockBytes >= pinned + PINNED_SLACK_BYTES) return undefined;
  if (netdevs.length > 0) {
    return `vhost-vdpa: DMA mapping failed, unable to continue: errno=12 (${strerror("ENOMEM")})`;
  }
  const [address = ""] = vfioDevices;
  const map = `vfio_container_dma_map(0x55d0c8a3f2b0, 0x0, 0x${memoryBytes.toString(16)}, 0x7f1d40000000)`;
  const device = `-device vfio-pci,host=${address}: vfio ${address}:`;
  return `VFIO_MAP_DMA failed: ${strerror("ENOMEM")}\nqemu-system-x86_64: ${device} ${map} = -12 (${strerror("ENOMEM")})`;
}

/** Huge pages are set aside: a guest in them takes nothing of the rest. */
function checkMemory(machine: Machine, options: QemuOptions): string | undefined {
  const { hugepageBytes: size, memoryBytes } = options;
  if (size !== undefined) {
    const free = (hugepagesOf(machine).get(size) ?? 0) - takenHugepages(machine, size);
    if (free * size >= memoryBytes) return undefined;
    return `unable to map backing store for guest RAM: ${strerror("ENOMEM")}`;
  }
  const claimed = virtualMachines(machine)
    .filter((qemu) => qemu.options.hugepageBytes === undefined)
    .reduce((sum, qemu) => sum + qemu.options.memoryBytes, 0);
  if (claimed + memoryBytes <= machine.spec.memoryBytes - hugepageBytes(machine)) return undefined;
  return `cannot set up guest memory 'pc.ram': ${strerror("ENOMEM")}`;
}

function findRefusal(
  machine: Machine,
  options: QemuOptions,
  memoryLockBytes: number,
): string | undefined {
  if (options.accelerator === "kvm" && !hasVirtualization(machine)) {
    const missing = `Could not access KVM kernel module: ${strerror("ENOENT")}`;
    return `${missing}\nqemu-system-x86_64: failed to initialize kvm: ${strerror("ENOENT")}`;
  }
  const noMemory = checkMemory(machine, options);
  if (noMemory !== undefined) return noMemory;
  const unpaired = options.nics.find(
    ({ netdev }) => !options.netdevs.some(({ id }) => id === netdev),
  );
  if (unpaired !== undefined) {
    return `-device ${unpaired.argument}: Property 'virtio-net-pci.netdev' can't find value '${unpaired.netdev}'`;
  }
  const first =
    checkPaths(machine, options) ??
    options.netdevs.map((netdev) => checkNetdev(machine, netdev)).find(Boolean) ??
    options.vfioDevices.map((address) => checkVfio(machine, address)).find(Boolean);
  if (first !== undefined) return first;
  return checkMemoryLock(options, memoryLockBytes);
}

function createNic(machine: Machine, options: QemuOptions, index: number): GuestNic | undefined {
  const nic = options.nics[index];
  const netdev = options.netdevs.find(({ id }) => id === nic?.netdev);
  const minor = Number(/\/dev\/vhost-vdpa-(\d+)$/.exec(netdev?.vhostPath ?? "")?.[1]);
  const device = [...machine.boot.vdpaDevices.values()].find((each) => each.minor === minor);
  if (nic === undefined || device === undefined) return undefined;
  const mac = nic.mac ?? device.mac;
  const stack: IpStack = {
    mac,
    isUp: () => made.isUp && isVfLinkUp(machine, device.vf),
    addresses: () => made.addresses,
    mtu: () => made.mtu,
    transmit: (frame) => transmitFromVdpa(machine, minor, frame),
    neighbours: new Map(),
    answered: new Set(),
  };
  const pairs = nic.hasMultiqueue ? Math.min(device.pairs, options.vcpuCount) : 1;
  const made: GuestNic = {
    name: `eth${index}`,
    mac,
    minor,
    pairs,
    isUp: false,
    mtu: ETHERNET_MTU,
    addresses: [],
    stack,
  };
  return made;
}

/** A function's MAC is the admin MAC, or where nobody set one the one that firmware makes up. */
function createVfioNic(machine: Machine, address: PciAddress, index: number): GuestNic | undefined {
  const vf = findVf(machine, address);
  if (vf === undefined) return undefined;
  const mac =
    vf.adminMac === ZERO_MAC ? machineMac(machine, FIRST_VF_MAC + vf.vhcaId) : vf.adminMac;
  const stack: IpStack = {
    mac,
    isUp: () => made.isUp && isVfLinkUp(machine, address),
    addresses: () => made.addresses,
    mtu: () => made.mtu,
    transmit: (frame) => transmitFromVf(machine, address, frame),
    neighbours: new Map(),
    answered: new Set(),
  };
  const made: GuestNic = {
    name: `eth${index}`,
    mac,
    minor: undefined,
    vf: address,
    pairs: 1,
    isUp: false,
    mtu: ETHERNET_MTU,
    addresses: [],
    stack,
  };
  return made;
}

function createGuest(machine: Machine, options: QemuOptions): Guest {
  const bootedAtMs = machine.clock.nowMs() + machine.spec.guestBootMs;
  const vdpa = options.nics.flatMap((_, index) => createNic(machine, options, index) ?? []);
  const vfio = options.vfioDevices.flatMap(
    (address, index) => createVfioNic(machine, address, vdpa.length + index) ?? [],
  );
  const nics = [...vdpa, ...vfio];
  const disks = options.disks.map(({ path }) => path);
  const hostname = applyDisk(machine, disks, nics);
  applySeed(machine, disks, nics);
  const guest: Guest = {
    hostname: hostname ?? options.name,
    nics,
    bootedAtMs,
    isBooted: () => machine.clock.nowMs() >= guest.bootedAtMs,
    results: new Map(),
    nextPid: 1200,
  };
  ownStacks(machine, guest);
  return guest;
}

/** The port and the guest's end of it. */
function createSerial(machine: Machine, options: QemuOptions, guest: Guest) {
  const port = createSerialPort({
    machine,
    logPath: options.serialLog,
    onInput: (bytes) => console.type(bytes),
  });
  const disks = options.disks.map(({ path }) => path);
  const console = createGuestConsole({ machine, guest, disks, write: port.write });
  return { port, console };
}

/** Starts a virtual machine, or says in QEMU's words why not. */
export function startQemu(
  act: Act,
  options: QemuOptions,
  limits: {
    readonly memoryLockBytes: number;
    readonly allowedDevices?: readonly string[] | undefined;
  },
): Process | QemuRefusal {
  const { machine } = act;
  const refusal =
    findRefusal(machine, options, limits.memoryLockBytes) ??
    findForbiddenDevice(machine, options, limits.allowedDevices);
  if (refusal !== undefined) return { refusal };
  const guest = createGuest(machine, options);
  const serial = createSerial(machine, options, guest);
  const qemu: Qemu = {
    name: options.name,
    options,
    minors: guest.nics.flatMap(({ minor }) => minor ?? []),
    vfioDevices: options.vfioDevices,
    memoryLockBytes: limits.memoryLockBytes,
    guest,
    serial: serial.port,
    listeners: new Set(),
    closers: new Set([serial.port.close]),
    affinity: new Map(),
    migration: createMigrationSide(),
    status: options.isIncoming ? "inmigrate" : "running",
  };
  const process = startProcess(machine, { name: options.processName, argv: options.argv, qemu });
  if (options.pidFile !== undefined) machine.files.write(options.pidFile, `${process.pid}\n`);
  for (const { path } of options.sockets) machine.files.write(path, "");
  if (options.errorLog !== undefined) machine.files.write(options.errorLog, "");
  note(act, `vm ${options.name}`, { before: "absent", after: "running" });
  if (options.isIncoming) {
    serial.console.skipBoot();
    return process;
  }
  void serial.console.boot();
  runCloudInit(machine, qemu, process.pid);
  return process;
}

/**
 * Ends a virtual machine. On a clean end QEMU takes its pid file and sockets away; a killed one leaves
 * them lying.
 */
export function endQemu(act: Act, pid: number, isClean: boolean): void {
  const { machine } = act;
  const qemu = machine.boot.processes.get(pid)?.qemu;
  if (qemu === undefined) return;
  qemu.status = "shutdown";
  if (isClean) {
    for (const { path } of qemu.options.sockets) machine.files.remove(path);
    if (qemu.options.pidFile !== undefined) machine.files.remove(qemu.options.pidFile);
  }
  note(act, `vm ${qemu.name}`, { before: "running", after: "absent" });
  endProcess(machine, pid);
  for (const close of [...qemu.closers]) close();
}

export function emitQmp(
  qemu: Qemu,
  event: string,
  data: Readonly<Record<string, unknown>> = {},
): void {
  for (const listener of [...qemu.listeners]) listener({ event, data });
}
