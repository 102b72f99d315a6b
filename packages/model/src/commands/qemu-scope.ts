import type { QemuOptions } from "./qemu.ts";

/** Slice below which every VM has its scope, so that one command shows or stops them all. */
export const VMS_SLICE = "switchyard-vms.slice";

export const vmScopeUnit = (vm: string): string => `switchyard-vm-${vm}`;

/**
 * Character and block devices that a VM's QEMU opens: KVM, its vDPA devices or its functions' groups, and a disk
 * that is a device itself.
 *
 * @param vfioGroups numbers of its functions' IOMMU groups
 */
export function qemuDevices(
  { accelerator, nics, boot }: QemuOptions,
  vfioGroups: readonly string[],
): readonly string[] {
  const isDevice = boot.kind === "disk" && boot.path.startsWith("/dev/");
  return [
    ...(accelerator === "kvm" ? ["/dev/kvm"] : []),
    ...nics.flatMap((nic) => (nic.kind === "vdpa" ? [nic.vhostPath] : [])),
    ...(vfioGroups.length > 0 ? ["/dev/vfio/vfio"] : []),
    ...vfioGroups.map((group) => `/dev/vfio/${group}`),
    ...(isDevice ? [boot.path] : []),
  ];
}

/**
 * What systemd-run is told of a VM's scope: it may open these devices and, beside null, zero, full, random,
 * urandom, tty and ptmx, no others. A scope takes properties of the cgroup only; limits of the process itself
 * are prlimit's.
 *
 * @see systemd.resource-control(5), DevicePolicy=closed; systemd-run(1)
 */
export const vmScopeOptions = (devices: readonly string[]): readonly string[] => [
  `--slice=${VMS_SLICE}`,
  "--property=DevicePolicy=closed",
  ...devices.map((path) => `--property=DeviceAllow=${path} rw`),
];
