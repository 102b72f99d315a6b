import type { ReasonEntry } from "./reason-entry.ts";

/** Drivers of NICs. */
export const DRIVER_REASONS = {
  DRIVER_PREREQUISITE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The host lacks what the driver's build needs.",
    fix: "Install the packages named, or enable a repository that has them.",
  },
  KERNEL_HEADERS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "There are no headers of the kernel that the driver is built for (B07).",
    fix: "Boot the newest kernel, or enable a repository that still has this kernel's kernel-devel.",
  },
  DRIVER_KERNEL_OTHER: {
    code: "FAILED_PRECONDITION",
    summary: "The host runs another kernel than the one the driver is to be built for.",
    fix: "Create a new plan for the kernel that runs.",
  },
  DRIVER_ARCHIVE_UNSUITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The driver's archive is not for this host's distribution.",
    fix: "Name an archive and a distribution that match /etc/os-release.",
  },
  DRIVER_BUILD_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The driver could not be built for the running kernel (B08).",
    fix: "Read the build's log; use a release made for this kernel, or a kernel it supports.",
  },
  DRIVER_INSTALL_FAILED: {
    code: "INTERNAL",
    summary: "The driver's installer ended with an error.",
    fix: "Read the installer's log on the host.",
  },
  DRIVER_IN_USE: {
    code: "FAILED_PRECONDITION",
    summary: "The driver can't be loaded anew while something uses it (B09).",
    fix: "Stop what uses it, or let the driver come with a reboot.",
  },
  DRIVER_LOAD_FAILED: {
    code: "INTERNAL",
    summary: "The driver on disk could not be loaded (B10).",
    fix: "Make the initramfs anew and reboot; then read the kernel log.",
  },
  SECURE_BOOT_REFUSES_DRIVER: {
    code: "FAILED_PRECONDITION",
    summary: "Secure Boot is on, and modules built on the host are not signed (B11).",
    fix: "Turn Secure Boot off, or enrol a key and sign the modules with it.",
  },
  DRIVER_NOT_IN_FORCE: {
    code: "FAILED_PRECONDITION",
    summary: "Another driver runs than the one that is installed (B12).",
    fix: "Apply the host's profile; it loads the driver or asks for a reboot.",
  },
  DRIVER_FOR_OTHER_KERNEL: {
    code: "FAILED_PRECONDITION",
    summary: "The vendor's driver was built for another kernel than the one that runs (B13).",
    fix: "Apply the host's profile to build it for this kernel, and pin the kernel.",
  },
  DRIVER_OTHER_INSTALLED: {
    code: "FAILED_PRECONDITION",
    summary: "Another of the vendor's drivers is installed, and the two must not mix.",
    fix: "Apply a profile with driver.inbox first, then the one with this driver.",
  },
  DISK_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "A file system of the host has too little free space.",
    fix: "Free space on the file system named.",
  },
  OVS_BUILDS_MIXED: {
    code: "FAILED_PRECONDITION",
    summary: "Open vSwitch's tools and its running daemon are of two builds (E11).",
    fix: "Remove the build that is not wanted, then restart Open vSwitch.",
  },
} as const satisfies Record<string, ReasonEntry>;
