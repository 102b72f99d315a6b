import type { Argv } from "./argv.ts";

/** Unpacks an archive of any compression that tar knows, without its first folder. @see tar(1) */
export const tarExtract = (archivePath: string, folder: string): Argv => [
  "tar",
  "--extract",
  "--file",
  archivePath,
  "--directory",
  folder,
  "--strip-components=1",
  "--no-same-owner",
];

/** The flags of the seed procedure, then those that keep it from asking and from touching firmware. */
const INSTALL_FLAGS: readonly string[] = [
  "--add-kernel-support",
  "--dpdk",
  "--ovs-dpdk",
  "--skip-repo",
  "--force",
  "--without-fw-update",
];

/** Flags of mlnxofedinstall that a profile may add. @see mlnxofedinstall --help, MLNX_OFED 24.04 */
export const OFED_EXTRA_FLAGS: readonly string[] = [
  "--basic",
  "--kernel-only",
  "--skip-unsupported-devices-check",
  "--with-nvmf",
  "--without-dkms",
  "--without-mlnx-nvme",
];

/**
 * @param options.folder       where the archive was unpacked
 * @param options.distribution as the installer spells it: `rhel9.4`
 * @see MLNX_OFED 24.04 user manual, "Installing MLNX_OFED"
 */
export const mlnxofedinstall = (options: {
  readonly folder: string;
  readonly distribution: string;
  readonly extraFlags: readonly string[];
}): Argv => [
  `${options.folder}/mlnxofedinstall`,
  "--all",
  "--distro",
  options.distribution,
  ...INSTALL_FLAGS,
  ...options.extraFlags,
];

/** Takes the vendor's packages off the host; the kernel's own module is what is left. */
export const ofedUninstall = (): Argv => ["/usr/sbin/ofed_uninstall.sh", "--force"];

/** Unloads the vendor's modules and loads those on disk: VFs, switchdev mode and vDPA devices go with them. */
export const openibdRestart = (): Argv => ["/etc/init.d/openibd", "restart"];
