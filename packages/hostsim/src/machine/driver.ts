import { ofedModuleVersion } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import { setEswitchMode } from "./eswitch.ts";
import { runDepmod } from "./kernels.ts";
import type { Machine } from "./machine.ts";
import { logKernel } from "./machine.ts";
import { distributionOf } from "./packages/distribution.ts";
import {
  DOCA_HOST,
  DOCA_MODULES,
  DOCA_RELEASE_FILE,
  type DocaRelease,
  findDocaRelease,
  isDocaDriverPackage,
} from "./packages/doca.ts";
import { writeHeaders } from "./packages/headers.ts";
import type { SimPackage } from "./packages/package.ts";
import { eraseAll, installAll } from "./packages/packages.ts";
import { virtualMachines } from "./process.ts";
import { setVfCount } from "./sriov.ts";

/*
 * The NIC's driver as files: what is on disk for a kernel is what modinfo tells and what an initramfs takes in;
 * what runs is what was loaded at boot, or by openibd since.
 */

const DRIVER = "mlx5_core";
const MODULES_FOLDER = "/lib/modules";
/** Release that a host set up by the seed procedure has. */
const FIRST_RELEASE = "24.04-0.7.0.0";

const inboxPath = (kernel: string): string =>
  `${MODULES_FOLDER}/${kernel}/kernel/drivers/net/ethernet/mellanox/mlx5/core/${DRIVER}.ko.xz`;
const vendorPath = (kernel: string): string =>
  `${MODULES_FOLDER}/${kernel}/extra/mlnx-ofa_kernel/drivers/net/ethernet/mellanox/mlx5/core/${DRIVER}.ko`;

export const runningKernel = ({ boot }: Machine): string => boot.kernel.release;

const OFED_INFO = "/usr/bin/ofed_info";
/** Programs that come with the vendor's packages, by path. */
export const VENDOR_PROGRAMS: readonly string[] = [
  OFED_INFO,
  "/etc/init.d/openibd",
  "/usr/sbin/ofed_uninstall.sh",
];

export interface ModuleOnDisk {
  readonly path: string;
  /** Undefined for the kernel's own, which carries none. */
  readonly version: string | undefined;
}

/** The driver that a kernel would load; undefined for a kernel that is not installed. */
export function driverOnDisk({ files }: Machine, kernel: string): ModuleOnDisk | undefined {
  const path = vendorPath(kernel);
  if (files.isFile(path)) return { path, version: files.read(path).trim() };
  const isInstalled = files.isFolder(`${MODULES_FOLDER}/${kernel}`);
  return isInstalled ? { path: inboxPath(kernel), version: undefined } : undefined;
}

/** What `ofed_info -s` prints; undefined without the vendor's packages. */
export const ofedRelease = ({ files }: Machine): string | undefined =>
  files.isFile(OFED_INFO) ? files.read(OFED_INFO).trim() : undefined;

/** @param name what `ofed_info -s` prints */
function writeVendorPrograms({ files }: Machine, name: string): void {
  for (const path of VENDOR_PROGRAMS) files.write(path, path === OFED_INFO ? `${name}\n` : "");
}

function writeVendorModule(machine: Machine, version: string): void {
  machine.files.write(vendorPath(runningKernel(machine)), `${version}\n`);
  runDepmod(machine, runningKernel(machine));
}

function writeVendorFiles(machine: Machine, release: string): void {
  writeVendorPrograms(machine, `MLNX_OFED_LINUX-${release}`);
  writeVendorModule(machine, ofedModuleVersion(release));
}

/** Puts the driver where the installer of the host and the seed procedure put it. */
export function installFirstDriver(machine: Machine): void {
  machine.files.write(`${MODULES_FOLDER}/${runningKernel(machine)}/modules.order`, "");
  writeHeaders(machine);
  if (machine.spec.hasOfed) writeVendorFiles(machine, FIRST_RELEASE);
}

const words = (module: ModuleOnDisk | undefined): string => module?.version ?? "inbox";

/** What mlnxofedinstall leaves behind: packages, programs and modules for the running kernel. */
export function installOfed(act: Act, release: string): void {
  const { machine } = act;
  const kernel = runningKernel(machine);
  const before = driverOnDisk(machine, kernel);
  const { vendorPackages } = distributionOf(machine);
  const missing = vendorPackages.filter(
    ({ name }) => !machine.packages.installed.some((each) => each.name === name),
  );
  installAll(act, missing);
  writeVendorFiles(machine, release);
  note(act, `driver ${kernel}`, { before: words(before), after: ofedModuleVersion(release) });
}

/**
 * What a package manager's transaction leaves behind: packages, and the files of DOCA's. Its modules are ready-made:
 * a kernel that they don't fit keeps its own, and nothing says so.
 *
 * @param docaRelease what DOCA's repository package carries, where the transaction brings it
 */
export function installPackages(
  act: Act,
  incoming: readonly SimPackage[],
  docaRelease: DocaRelease | undefined,
): void {
  const { machine } = act;
  const has = (name: string) => incoming.some((each) => each.name === name);
  installAll(act, incoming);
  if (docaRelease !== undefined && has(DOCA_HOST)) {
    machine.files.write(DOCA_RELEASE_FILE, JSON.stringify(docaRelease));
  }
  const release = findDocaRelease(machine.files);
  if (release === undefined || !has(DOCA_MODULES)) return;
  const kernel = runningKernel(machine);
  writeVendorPrograms(machine, `OFED-internal-${release.moduleVersion}`);
  if (!release.kernels.some((each) => kernel.startsWith(each))) return;
  const before = words(driverOnDisk(machine, kernel));
  writeVendorModule(machine, release.moduleVersion);
  note(act, `driver ${kernel}`, { before, after: release.moduleVersion });
}

/** Takes the vendor's packages off: every kernel has its own driver again. */
export function uninstallOfed(act: Act): void {
  const { machine } = act;
  const { files } = machine;
  const kernel = runningKernel(machine);
  const before = driverOnDisk(machine, kernel);
  const { vendorPackages } = distributionOf(machine);
  eraseAll(
    act,
    machine.packages.installed.filter(
      (each) => isDocaDriverPackage(each) || vendorPackages.some(({ name }) => name === each.name),
    ),
  );
  for (const path of VENDOR_PROGRAMS) files.remove(path);
  for (const each of files.list(MODULES_FOLDER)) files.remove(`${MODULES_FOLDER}/${each}/extra`);
  for (const each of files.list(MODULES_FOLDER)) runDepmod(machine, each);
  note(act, `driver ${kernel}`, { before: words(before), after: "inbox" });
}

/** Line of an initramfs that tells which driver it holds. */
export const initramfsDriver = (machine: Machine, kernel: string): string =>
  `${DRIVER} ${words(driverOnDisk(machine, kernel))}`;

/** Version that a boot loads: that of the initramfs, whatever is on disk beside it. */
export function driverAtBoot(machine: Machine, initramfs: string | undefined): string | undefined {
  const found = /^mlx5_core (\S+)$/m.exec(initramfs ?? "")?.[1];
  if (found !== undefined) return found === "inbox" ? undefined : found;
  return driverOnDisk(machine, runningKernel(machine))?.version;
}

/** What keeps the driver from being unloaded, in openibd's words; undefined when nothing does. */
export function driverUsers(machine: Machine): string | undefined {
  const { driverHolders } = machine.spec;
  if (driverHolders.length > 0) {
    return (
      "Unloading mlx_compat                                       [FAILED]\n" +
      `rmmod: ERROR: Module mlx_compat is in use by: ${driverHolders.join(" ")}\n`
    );
  }
  const users = virtualMachines(machine).filter(
    ({ minors, vfioDevices }) => minors.length + vfioDevices.length > 0,
  );
  if (users.length === 0) return undefined;
  return (
    "Please stop the following applications still using Infiniband devices:\n" +
    users.map(({ name }) => `qemu-kvm(${name}) user root is using device mlx5_2\n`).join("") +
    "Error: Cannot unload the Infiniband driver stack due to the above issue(s)!\n\n" +
    "Once the above issue(s) resolved, run:\n# /etc/init.d/openibd restart\n"
  );
}

/** Loads the driver on disk anew: VFs, switchdev mode and vDPA devices are gone, both links go down. */
export async function reloadDriver(act: Act): Promise<void> {
  const { machine } = act;
  for (const pf of machine.boot.pfs) {
    await setVfCount(act, pf, "0");
    setEswitchMode(act, pf, "legacy");
    const netdev = machine.boot.netdevs.get(pf.netdev);
    if (netdev === undefined) continue;
    netdev.isUp = false;
    netdev.addresses = [];
  }
  const before = machine.boot.driverVersion;
  machine.boot.driverVersion = driverOnDisk(machine, runningKernel(machine))?.version;
  logKernel(machine, `mlx5_core: loaded ${machine.boot.driverVersion ?? "inbox"}`);
  note(act, "loaded driver", {
    before: before ?? "inbox",
    after: machine.boot.driverVersion ?? "inbox",
  });
}
