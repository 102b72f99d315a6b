import type { SYSTEM_REASONS } from "../reasons/system.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const SYSTEM_EXPLANATIONS: ExplanationsOf<typeof SYSTEM_REASONS> = {
  DISTRIBUTION_UNSUPPORTED: because(["no distribution profile matches os-release"]),
  PACKAGE_UNAVAILABLE: because([
    "no enabled repository has it",
    "the name is of another distribution",
  ]),
  PACKAGE_REPOSITORY_UNREACHABLE: because([
    "no way to the repository's server",
    "a proxy is not set",
  ]),
  PACKAGE_MANAGER_BUSY: because(["another installation runs, such as unattended upgrades"]),
  PACKAGE_CHANGE_FAILED: because(["packages conflict", "the disk is full"], "HOST-DISK"),
  SYSTEM_FACTS_MISSING: because([
    "rpm, dnf or grubby is broken or missing on the host",
    "dnf has no metadata cached yet: dnf makecache",
    "the agent is older than the controller",
  ]),
  SELINUX_WILL_BE_OFF: because(["disable_selinux is set in the profile"], "A11"),
  BOOTLOADER_CHANGE_FAILED: because(
    ["grubby or update-grub refused", "/boot is full or read-only"],
    "HOST-DISK",
  ),
  INITRAMFS_FAILED: because(
    ["/boot is full", "a module it shall hold is not there"],
    "HOST-DISK",
    "B13",
  ),
  KERNEL_NOT_INSTALLED: because(["the kernel was removed since the plan was made"], "B13"),
  REPOSITORY_UNKNOWN: because(["the repository is not defined on the host"]),
};
