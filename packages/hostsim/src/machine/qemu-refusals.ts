import { hasIommu, hasVirtualization } from "./bios.ts";
import { iommuGroup } from "./iommu.ts";
import type { Machine } from "./machine.ts";
import { hugepageBytes, hugepagesOf, takenHugepages } from "./memory.ts";
import { holderOf, virtualMachines } from "./process.ts";
import type { QemuNetdev, QemuOptions } from "./qemu-options.ts";
import { strerror } from "./refusal.ts";

/* Why QEMU would not start, in its own words. */

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

/** The text after `qemu-system-x86_64: ` where QEMU would not start. */
export function findRefusal(
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
