import type { FileStore } from "../../files/file-store.ts";
import { packageTable, type SimPackage } from "./package.ts";

/** DOCA-Host's repository package, as far as package managers and the kernel go by it. */
export interface DocaRelease {
  /** Of DOCA: `2.9.1`. */
  readonly version: string;
  /** What its mlx5_core carries: `24.10-1.1.4`. */
  readonly moduleVersion: string;
  /** Beginnings of the kernel releases that its ready-made modules fit. */
  readonly kernels: readonly string[];
}

/** Repository that the package brings. */
export const DOCA_REPOSITORY = "doca";
/** Package that brings it. */
export const DOCA_HOST = "doca-host";
/** Package with the modules. */
export const DOCA_MODULES = "kmod-mlnx-ofa_kernel";
/** What the repository package carries; it stays with the package. */
export const DOCA_RELEASE_FILE = "/usr/share/doca-host/release.json";

/** `24.10-1.1.4` → `24.10-OFED.24.10.1.1.4.1.rhel9u4`. */
const kernelPackageVersion = (moduleVersion: string): string =>
  `${moduleVersion.split("-")[0]}-OFED.${moduleVersion.replace("-", ".")}.1.rhel9u4`;

export const docaHostPackage = ({ version }: DocaRelease): SimPackage => ({
  name: DOCA_HOST,
  version: `${version}-018000.el9`,
  architecture: "x86_64",
  requires: [],
  programs: [],
  isInstallOnly: false,
});

/**
 * What the repository holds: the profile `doca-ofed` is a package without files that pulls in the driver.
 *
 * @see DOCA-Host installation guide, "DOCA-Host Profiles"
 */
const packagesOf = ({ version, moduleVersion }: DocaRelease): readonly SimPackage[] =>
  packageTable(`
    doca-extra ${version}-1.el9 noarch
    doca-ofed ${version}-1.el9 x86_64 +${DOCA_MODULES} +mft +mlnx-ofa_kernel +mlnx-tools +ofed-scripts
    ${DOCA_MODULES} ${kernelPackageVersion(moduleVersion)} x86_64 +mlnx-ofa_kernel
    mft 4.30.1-113 x86_64 /flint /mlxconfig /mlxfwmanager /mlxfwreset
    mlnx-ofa_kernel ${kernelPackageVersion(moduleVersion)} x86_64
    mlnx-tools 24.10-0.2410068 x86_64
    ofed-scripts 24.10-OFED.${moduleVersion.replace("-", ".")} x86_64
  `);

/** The release whose repository is on the machine; undefined without it. */
export function findDocaRelease(files: FileStore): DocaRelease | undefined {
  if (!files.isFile(DOCA_RELEASE_FILE)) return undefined;
  // Written by nothing but the installation of the repository package.
  return JSON.parse(files.read(DOCA_RELEASE_FILE)) as DocaRelease;
}

/** What a repository offers of DOCA on this machine. */
export function docaOffers(files: FileStore, repository: string): readonly SimPackage[] {
  const release = repository === DOCA_REPOSITORY ? findDocaRelease(files) : undefined;
  return release === undefined ? [] : packagesOf(release);
}

/** Packages that ofed_uninstall.sh takes off besides those of MLNX_OFED; the profiles stay. */
export const isDocaDriverPackage = ({ name }: SimPackage): boolean => name === DOCA_MODULES;
