import type { DriverInstall } from "../desired/driver.ts";
import { assertNever } from "../errors/switchyard-error.ts";
import type { Argv } from "./argv.ts";
import { copyFile } from "./artefact.ts";
import { installCommands, removeWithDependents } from "./packages.ts";

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

/**
 * Everything that brings the kernel's own driver back. The vendor's script goes first, because removing DOCA's
 * packages takes it along; they go too, because a package manager does not install again what it has.
 *
 * @see DOCA-Host installation guide, "Uninstalling Software from Host"
 */
export function inboxInstallCommands({
  doca,
}: Extract<DriverInstall, { kind: "inbox" }>): readonly Argv[] {
  if (doca === undefined) return [ofedUninstall()];
  return [ofedUninstall(), removeWithDependents(doca.family, doca.packages)];
}

/**
 * Unloads the vendor's modules and loads those on disk: VFs, switchdev mode and vDPA devices go
 * with them.
 */
export const openibdRestart = (): Argv => ["/etc/init.d/openibd", "restart"];

/** Where a driver's archive is unpacked; emptied before and removed after. */
export const DRIVER_WORK_FOLDER = "/var/lib/switchyard/work/driver";

/** Everything that installs a driver, in order; shown by a plan and run by its executor. */
export function driverInstallCommands(driver: DriverInstall): readonly Argv[] {
  switch (driver.kind) {
    case "inbox":
      return inboxInstallCommands(driver);
    case "mlnx-ofed":
      return [
        tarExtract(driver.archivePath, DRIVER_WORK_FOLDER),
        mlnxofedinstall({ ...driver, folder: DRIVER_WORK_FOLDER }),
      ];
    case "doca-ofed":
      return docaInstallCommands(driver);
    default:
      return assertNever(driver);
  }
}

/**
 * The vendor's repository comes as a package of its own, which package managers know by its file name.
 *
 * @see DOCA-Host installation guide, "Installing DOCA-Host"
 */
export function docaInstallCommands(
  driver: Extract<DriverInstall, { kind: "doca-ofed" }>,
): readonly Argv[] {
  const { family, repositoryPath, packages } = driver;
  const local = `${DRIVER_WORK_FOLDER}/doca-repository.${family === "rhel" ? "rpm" : "deb"}`;
  return [
    copyFile(repositoryPath, local),
    ...installCommands(family, [local]),
    ...installCommands(family, packages),
  ];
}
