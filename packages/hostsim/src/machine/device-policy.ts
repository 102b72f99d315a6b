import { iommuGroup } from "./iommu.ts";
import type { Machine } from "./machine.ts";
import type { QemuOptions } from "./qemu-options.ts";
import { strerror } from "./refusal.ts";

/**
 * What QEMU says of the first device that its cgroup keeps from it; undefined where nothing bounds it.
 *
 * @see torvalds/linux security/device_cgroup.c, devcgroup_check_permission: EPERM
 */
export function findForbiddenDevice(
  machine: Machine,
  options: QemuOptions,
  allowed: readonly string[] | undefined,
): string | undefined {
  if (allowed === undefined) return undefined;
  const refused = strerror("EPERM");
  if (options.accelerator === "kvm" && !allowed.includes("/dev/kvm")) {
    return `Could not access KVM kernel module: ${refused}`;
  }
  const netdev = options.netdevs.find(({ vhostPath = "" }) => !allowed.includes(vhostPath));
  if (netdev !== undefined) {
    return `-netdev ${netdev.argument}: Could not open '${netdev.vhostPath}': ${refused}`;
  }
  for (const address of options.vfioDevices) {
    const paths = ["/dev/vfio/vfio", `/dev/vfio/${iommuGroup(machine, address)}`];
    const path = paths.find((each) => !allowed.includes(each));
    if (path !== undefined) {
      return `-device vfio-pci,host=${address}: vfio ${address}: failed to open ${path}: ${refused}`;
    }
  }
  const disk = options.disks.find(
    ({ path }) => path.startsWith("/dev/") && !allowed.includes(path),
  );
  return disk === undefined
    ? undefined
    : `-drive ${disk.argument}: Could not open '${disk.path}': ${refused}`;
}
