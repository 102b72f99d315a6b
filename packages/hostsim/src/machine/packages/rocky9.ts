import { LIBVIRT_QEMU_CONF } from "../../files/libvirt-files.ts";
import { DOCA_HOST, DOCA_RELEASE_FILE, DOCA_REPOSITORY } from "./doca.ts";
import { packageTable, type SimPackage } from "./package.ts";

/** Rocky Linux 9.4's packages that matter here, by repository. Versions are those of its release. */
const REPOSITORIES: Readonly<Record<string, readonly SimPackage[]>> = {
  baseos: packageTable(`
    bash 5.1.8-9.el9 x86_64
    chrony 4.5-1.el9 x86_64 /chronyc
    coreutils 8.32-35.el9 x86_64
    dmidecode 3.5-3.el9 x86_64 /dmidecode
    dnf 4.14.0-9.el9 noarch
    dnf-plugins-core 4.3.0-13.el9 noarch
    dracut 057-53.git20240104.el9 x86_64
    ethtool 6.2-1.el9 x86_64 /ethtool
    grub2-tools 2.06-77.el9.rocky.0.2 x86_64
    grubby 8.40-63.el9 x86_64
    iproute 6.2.0-6.el9_4 x86_64
    iputils 20210202-9.el9 x86_64
    kmod 28-9.el9 x86_64
    libselinux-utils 3.6-1.el9 x86_64 /getenforce
    linux-firmware 20240716-143.2.el9_4 noarch
    lshw B.02.19.2-10.el9 x86_64 /lshw
    lsof 4.94.0-3.el9 x86_64
    microcode_ctl 20231009-1.20240531.1.el9_4 noarch
    mokutil 0.6.0-4.el9 x86_64 /mokutil
    nano 5.6.1-5.el9 x86_64
    NetworkManager 1.46.0-13.el9_4 x86_64
    openssh-server 8.7p1-38.el9_4.4 x86_64
    pciutils 3.7.0-5.el9 x86_64 /lspci
    python3 3.9.18-3.el9_4.5 x86_64
    python3-dnf-plugin-versionlock 4.3.0-13.el9 noarch
    rpm 4.16.1.3-29.el9 x86_64
    selinux-policy-targeted 38.1.35-2.el9_4.3 noarch
    systemd 252-32.el9_4.7 x86_64
    tar 1.34-6.el9_4.1 x86_64
    tuned 2.22.1-1.el9 noarch
    util-linux 2.37.4-18.el9 x86_64
    yum-utils 4.3.0-13.el9 noarch /needs-restarting
  `),
  appstream: packageTable(`
    autoconf 2.69-39.el9 noarch +perl
    automake 1.16.2-8.el9 noarch +autoconf
    cloud-init 23.4-7.el9_4.3.rocky.0.1 noarch
    edk2-ovmf 20231122-6.el9_4.2 noarch
    gcc 11.4.1-3.el9 x86_64
    gcc-gfortran 11.4.1-3.el9 x86_64 +gcc
    genisoimage 1.1.11-48.el9 x86_64
    git 2.43.5-1.el9_4 x86_64
    git-core 2.43.5-1.el9_4 x86_64
    kernel-rpm-macros 185-13.el9 noarch
    libguestfs 1.50.1-8.el9_4 x86_64
    libtool 2.4.6-45.el9 x86_64 +autoconf +automake
    libvirt 10.0.0-6.6.el9_4 x86_64 +libvirt-daemon
    libvirt-client 10.0.0-6.6.el9_4 x86_64 /virsh
    libvirt-daemon 10.0.0-6.6.el9_4 x86_64 /libvirtd
    make 4.3-8.el9 x86_64
    mstflint 4.24.0.0.5-1.el9 x86_64 /mstconfig /mstflint /mstfwmanager /mstfwreset
    patch 2.7.6-16.el9 x86_64
    perl 5.32.1-481.el9 x86_64
    qemu-img 8.2.0-11.el9_4.6 x86_64 /qemu-img /qemu-nbd
    qemu-kvm 8.2.0-11.el9_4.6 x86_64 +qemu-kvm-core
    qemu-kvm-core 8.2.0-11.el9_4.6 x86_64 /qemu-kvm /qemu-system-x86_64
    rdma-core 48.0-1.el9 x86_64
    rpm-build 4.16.1.3-29.el9 x86_64
    tcl 8.6.10-7.el9 x86_64
    tk 8.6.10-9.el9 x86_64 +tcl
    unbound 1.16.2-3.el9_3.1 x86_64
    virt-install 4.1.0-5.el9 noarch
    wget 1.21.1-7.el9 x86_64
    xorriso 1.5.4-4.el9 x86_64 /xorriso
  `),
  crb: packageTable(`
    glib2-devel 2.68.4-14.el9_4.1 x86_64
    ninja-build 1.10.2-6.el9 x86_64
    pixman-devel 0.40.0-6.el9 x86_64
  `),
  extras: packageTable(`
    elrepo-release 9.4-1.el9.elrepo noarch
    epel-release 9-7.el9 noarch
  `),
  epel: packageTable(`
    bridge-utils 1.7.1-3.el9 x86_64
    htop 3.3.0-1.el9 x86_64
    iperf 2.1.6-2.el9 x86_64
  `),
  elrepo: packageTable(`
    kmod-nvidia 550.90.07-1.el9_4.elrepo x86_64
  `),
};

/** Of the vendor: installed from its archive, in no repository. */
const VENDOR = packageTable(`
  mft 4.28.0-92 x86_64 /flint /mlxconfig /mlxfwmanager /mlxfwreset
  mlnx-ethtool 6.4-1.2404066 x86_64
  mlnx-iproute2 6.7.0-1.2404066 x86_64
  mlnx-ofa_kernel 24.04-OFED.24.04.0.7.0.1.rhel9u4 x86_64
  mlnx-ofa_kernel-devel 24.04-OFED.24.04.0.7.0.1.rhel9u4 x86_64
  mlnx-tools 24.04-0.2404066 x86_64
  ofed-scripts 24.04-OFED.24.04.0.7.0 x86_64
  openvswitch 2.17.8-1.2404066 x86_64 /ovs-appctl /ovs-ctl /ovs-ofctl /ovs-vsctl
`);

/** What the seed procedure leaves installed besides the kernel and the vendor's packages. */
const BASE_NAMES: readonly string[] = [
  ...(REPOSITORIES["baseos"] ?? [])
    .map(({ name }) => name)
    .filter((name) => !["python3-dnf-plugin-versionlock", "nano"].includes(name)),
  "libvirt",
  "libvirt-client",
  "libvirt-daemon",
  "qemu-img",
  "qemu-kvm",
  "qemu-kvm-core",
  "virt-install",
  "xorriso",
];

const versionOf = (release: string): string => release.replace(/\.x86_64$/, "");

/** The packages of one kernel; the headers are not pulled in with it. */
export const rockyKernel = (release: string): readonly SimPackage[] => {
  const own = (name: string, requires: readonly string[]): SimPackage => ({
    name,
    version: versionOf(release),
    architecture: "x86_64",
    requires,
    programs: [],
    isInstallOnly: true,
  });
  return [
    own("kernel", ["kernel-core", "kernel-modules", "kernel-modules-core"]),
    own("kernel-core", []),
    own("kernel-modules", []),
    own("kernel-modules-core", []),
    own("kernel-devel", []),
  ];
};

const repoFile = (sections: Readonly<Record<string, readonly [name: string, enabled: 0 | 1]>>) =>
  Object.entries(sections)
    .map(
      ([id, [name, enabled]]) =>
        `[${id}]\nname=${name}\nmirrorlist=https://mirrors.example/${id}\ngpgcheck=1\nenabled=${enabled}\n`,
    )
    .join("\n");

export const ROCKY9 = {
  repositories: REPOSITORIES,
  kernelRepository: "baseos",
  kernelPackages: rockyKernel,
  kernelOf: ({ name, version }: SimPackage) =>
    name === "kernel-core" ? `${version}.x86_64` : undefined,
  base: [
    ...Object.values(REPOSITORIES)
      .flat()
      .filter(({ name }) => BASE_NAMES.includes(name)),
  ],
  vendorPackages: VENDOR,
  buildPackages: [
    "autoconf",
    "automake",
    "gcc-gfortran",
    "kernel-rpm-macros",
    "libtool",
    "lsof",
    "patch",
    "perl",
    "rpm-build",
    "tcl",
    "tk",
  ],
  files: {
    "/etc/yum.repos.d/rocky.repo": repoFile({
      baseos: ["Rocky Linux $releasever - BaseOS", 1],
      appstream: ["Rocky Linux $releasever - AppStream", 1],
      crb: ["Rocky Linux $releasever - CRB", 0],
    }),
    "/etc/yum.repos.d/rocky-extras.repo": repoFile({
      extras: ["Rocky Linux $releasever Extras", 1],
    }),
  },
  /** Repositories, programs and configuration that a package brings. */
  packageFiles: {
    "libvirt-daemon": {
      "/etc/libvirt/qemu.conf": LIBVIRT_QEMU_CONF,
      "/usr/sbin/libvirtd": "",
    },
    [DOCA_HOST]: {
      [`/etc/yum.repos.d/${DOCA_REPOSITORY}.repo`]: repoFile({
        [DOCA_REPOSITORY]: ["DOCA-Host local repository", 1],
      }),
      [DOCA_RELEASE_FILE]: "",
    },
    "qemu-kvm-core": { "/usr/libexec/qemu-kvm": "" },
    "epel-release": {
      "/etc/yum.repos.d/epel.repo": repoFile({
        epel: ["Extra Packages for Enterprise Linux $releasever - $basearch", 1],
      }),
    },
    "elrepo-release": {
      "/etc/yum.repos.d/elrepo.repo": repoFile({
        elrepo: ["ELRepo.org Community Enterprise Linux Repository - el9", 1],
        "elrepo-kernel": ["ELRepo.org Community Enterprise Linux Kernel Repository - el9", 0],
      }),
    },
  },
} as const;
