import type { MachineOverrides } from "./spec.ts";

/**
 * A host fresh from the installer: the kernel's own driver, no Open vSwitch, no QEMU, no libvirt.
 * Its kernel's headers are there and its kernel arguments set; other overrides take those away.
 */
export const FRESH_R740: MachineOverrides = {
  hasOfed: false,
  packages: {
    absent: [
      "libvirt",
      "libvirt-client",
      "libvirt-daemon",
      "qemu-img",
      "qemu-kvm",
      "qemu-kvm-core",
      "virt-install",
    ],
  },
};
