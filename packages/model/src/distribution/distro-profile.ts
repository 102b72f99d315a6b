/** Distributions that are driven alike: `rhel` is also Rocky, Alma, CentOS and Oracle; `debian` also Ubuntu. */
export type DistroFamily = "rhel" | "debian";

/** What Switchyard wants packages for; a distribution has its own names for them. */
export type PackageRole = "tools" | "driver-build" | "virtualization" | "qemu-build";

/** Everything in which families of distributions differ; the rest of the code asks it and never the name. */
export interface DistroProfile {
  readonly family: DistroFamily;
  /** Package whose newest version brings the newest kernel. */
  readonly kernelPackage: string;
  /**
   * `PREFIX-RELEASE` of every package that a kernel is made of, named each so that taking the kernel back takes
   * all of it. RHEL 9.2 and later.
   */
  readonly kernelPackagePrefixes: readonly string[];
  /** A kernel itself is in `PREFIX-RELEASE`. */
  readonly kernelImagePrefix: string;
  /** What modules are built against is in `PREFIX-RELEASE`. */
  readonly kernelHeadersPrefix: string;
  readonly bootloader: "grubby" | "grub-mkconfig";
  readonly initramfs: "dracut" | "initramfs-tools";
  /** Configuration files below it name modules that are loaded at boot. @see modules-load.d(5) */
  readonly modulesAtBootFolder: string;
  /** Files of which at least one changes with every change of the installed packages. */
  readonly packageDatabaseFiles: readonly string[];
  /** Files and folders that hold the configuration of repositories. */
  readonly repositoryFolder: string;
  /** Repositories that come with a package of the distribution, by id. */
  readonly repositoryPackages: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<PackageRole, readonly string[]>>;
  /** Repositories that are not enabled by themselves and hold packages of a role. */
  readonly repositoriesOf: Readonly<Partial<Record<PackageRole, readonly string[]>>>;
}

/** @see the seed procedure, "Kernel and System Configuration", "Install Mellanox Drivers", "Installing QEMU" */
const RHEL: DistroProfile = {
  family: "rhel",
  kernelPackage: "kernel",
  kernelPackagePrefixes: ["kernel", "kernel-core", "kernel-modules", "kernel-modules-core"],
  kernelImagePrefix: "kernel-core",
  kernelHeadersPrefix: "kernel-devel",
  bootloader: "grubby",
  initramfs: "dracut",
  modulesAtBootFolder: "/etc/modules-load.d",
  packageDatabaseFiles: ["/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite-wal"],
  repositoryFolder: "/etc/yum.repos.d",
  repositoryPackages: { epel: "epel-release", elrepo: "elrepo-release" },
  packages: {
    tools: ["wget", "nano", "tar", "git", "pciutils"],
    "driver-build": [
      "tcl",
      "tk",
      "unbound",
      "perl",
      "autoconf",
      "lsof",
      "kernel-rpm-macros",
      "automake",
      "rpm-build",
      "libtool",
      "patch",
      "gcc-gfortran",
    ],
    virtualization: [
      "qemu-kvm",
      "qemu-img",
      "libvirt",
      "libvirt-client",
      "virt-install",
      "xorriso",
    ],
    "qemu-build": ["gcc", "make", "ninja-build", "glib2-devel", "pixman-devel"],
  },
  repositoriesOf: { "qemu-build": ["crb"] },
};

const DEBIAN: DistroProfile = {
  family: "debian",
  kernelPackage: "linux-image-amd64",
  kernelPackagePrefixes: ["linux-image"],
  kernelImagePrefix: "linux-image",
  kernelHeadersPrefix: "linux-headers",
  bootloader: "grub-mkconfig",
  initramfs: "initramfs-tools",
  modulesAtBootFolder: "/etc/modules-load.d",
  packageDatabaseFiles: ["/var/lib/dpkg/status"],
  repositoryFolder: "/etc/apt/sources.list.d",
  repositoryPackages: {},
  packages: {
    tools: ["wget", "nano", "tar", "git", "pciutils"],
    "driver-build": ["build-essential", "dkms", "autoconf", "automake", "libtool", "patch", "lsof"],
    virtualization: [
      "qemu-system-x86",
      "qemu-utils",
      "libvirt-daemon-system",
      "libvirt-clients",
      "virtinst",
      "xorriso",
    ],
    "qemu-build": [
      "build-essential",
      "ninja-build",
      "pkg-config",
      "python3-venv",
      "libglib2.0-dev",
      "libpixman-1-dev",
    ],
  },
  repositoriesOf: {},
};

export const DISTRO_PROFILES: Readonly<Record<DistroFamily, DistroProfile>> = {
  rhel: RHEL,
  debian: DEBIAN,
};

const FAMILY_OF_ID: Readonly<Record<string, DistroFamily>> = {
  rhel: "rhel",
  rocky: "rhel",
  almalinux: "rhel",
  centos: "rhel",
  ol: "rhel",
  debian: "debian",
  ubuntu: "debian",
};

/**
 * The profile of a host's distribution, by ID and then ID_LIKE of os-release(5); undefined for one that
 * Switchyard does not know.
 */
export function findDistroProfile(os: {
  readonly id: string;
  readonly idLike?: readonly string[];
}): DistroProfile | undefined {
  const family = [os.id, ...(os.idLike ?? [])].map((id) => FAMILY_OF_ID[id]).find(Boolean);
  return family === undefined ? undefined : DISTRO_PROFILES[family];
}

/** `kernel-devel-5.14.0-427.42.1.el9_4.x86_64`, `linux-headers-6.1.0-18-amd64`. */
export const kernelHeadersPackage = (profile: DistroProfile, release: string): string =>
  `${profile.kernelHeadersPrefix}-${release}`;

/** Packages of one kernel, without its headers: `kernel-core-5.14.0-427.42.1.el9_4.x86_64` and others. */
export const kernelPackages = (profile: DistroProfile, release: string): readonly string[] =>
  profile.kernelPackagePrefixes.map((prefix) => `${prefix}-${release}`);
