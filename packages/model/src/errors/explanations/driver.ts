import type { DRIVER_REASONS } from "../reasons/driver.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const DRIVER_EXPLANATIONS: ExplanationsOf<typeof DRIVER_REASONS> = {
  DRIVER_PREREQUISITE_MISSING: because(["a package that the installer needs is not there"], "B13"),
  KERNEL_HEADERS_MISSING: because(
    ["the repository moved on from the running kernel"],
    "B13",
    "A03",
  ),
  DRIVER_KERNEL_OTHER: because(["the kernel changed since the plan was made"], "B13"),
  DRIVER_ARCHIVE_UNSUITABLE: because(["the archive is for another distribution or release"]),
  DRIVER_BUILD_FAILED: because(
    ["the kernel is newer than the driver supports", "gcc or headers are missing"],
    "B13",
  ),
  DRIVER_INSTALL_FAILED: because(["packages conflict", "the disk is full"], "HOST-DISK"),
  DRIVER_IN_USE: because(["VMs or storage use the NIC"], "D11"),
  DRIVER_LOAD_FAILED: because(
    ["modules of two drivers are mixed", "Secure Boot refuses them"],
    "B10",
    "B11",
  ),
  SECURE_BOOT_REFUSES_DRIVER: because(["the modules are not signed with an enrolled key"], "B11"),
  DRIVER_NOT_IN_FORCE: because(["the host was not rebooted since the installation"], "B12"),
  DRIVER_FOR_OTHER_KERNEL: because(["the kernel was updated after the driver"], "B13"),
  DRIVER_OTHER_INSTALLED: because(["the host was set up with MLNX_OFED before"], "B10"),
  DISK_FULL: because(["images, kernels or logs fill the disk"], "HOST-DISK"),
  OVS_BUILDS_MIXED: because(
    ["the distribution's and the vendor's Open vSwitch are both installed"],
    "E10",
  ),
};
