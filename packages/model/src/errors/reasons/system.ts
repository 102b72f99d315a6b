import type { ReasonEntry } from "./reason-entry.ts";

/** Distribution, kernel and packages. */
export const SYSTEM_REASONS = {
  DISTRIBUTION_UNSUPPORTED: {
    code: "UNIMPLEMENTED",
    summary: "Switchyard does not know the host's distribution.",
    fix: "Use a distribution of the RHEL or the Debian family.",
  },
  PACKAGE_UNAVAILABLE: {
    code: "FAILED_PRECONDITION",
    summary: "No enabled repository has the package (B07).",
    fix: "Enable a repository that has it; for kernel-devel boot the newest kernel first.",
  },
  PACKAGE_REPOSITORY_UNREACHABLE: {
    code: "UNAVAILABLE",
    summary: "A package repository does not answer.",
    fix: "Check the host's way to the repository, or name a local mirror in the profile.",
  },
  PACKAGE_MANAGER_BUSY: {
    code: "UNAVAILABLE",
    summary: "Another package manager holds the lock.",
    fix: "Wait for it to end, then try again.",
  },
  PACKAGE_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The package manager refused the change.",
    fix: "Read its output in the job's log.",
  },
  SYSTEM_FACTS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The agent could not read what the profile asks about.",
    fix: "See on the host why rpm, grubby or dnf does not answer; update an old agent.",
  },
  SELINUX_WILL_BE_OFF: {
    code: "FAILED_PRECONDITION",
    summary: "The profile turns SELinux off; files written meanwhile carry no labels.",
    fix: "Leave out disable_selinux and give images the label virt_image_t instead.",
  },
  BOOTLOADER_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The bootloader's configuration could not be changed.",
    fix: "Read the tool's message in the job's log; it must run as root.",
  },
  INITRAMFS_FAILED: {
    code: "INTERNAL",
    summary: "The initramfs could not be made anew.",
    fix: "Read the tool's message in the job's log; /boot must have room.",
  },
  KERNEL_NOT_INSTALLED: {
    code: "FAILED_PRECONDITION",
    summary: "The kernel that shall boot has no boot entry.",
    fix: "Install the kernel's package, then try again.",
  },
  REPOSITORY_UNKNOWN: {
    code: "FAILED_PRECONDITION",
    summary: "The distribution has no repository of this id.",
    fix: "Give the repository's url in the profile, or correct its id.",
  },
} as const satisfies Record<string, ReasonEntry>;
