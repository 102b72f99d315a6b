import { LIBVIRT_QEMU_CONF } from "../../files/libvirt-files.ts";
import { packageTable, type SimPackage } from "./package.ts";

/** Debian 12's packages that matter here. Versions are those of its release. */
const MAIN = packageTable(`
  apt 2.6.1 amd64
  autoconf 2.71-3 all
  automake 1:1.16.5-1.3 all +autoconf
  bash 5.2.15-2+b2 amd64
  build-essential 12.9 amd64 +gcc +make
  chrony 4.3-2+deb12u1 amd64 /chronyc
  coreutils 9.1-1 amd64
  dkms 3.0.10-8+deb12u1 all +make
  dmidecode 3.4-1 amd64 /dmidecode
  dpkg 1.21.22 amd64
  ethtool 1:6.1-1 amd64 /ethtool
  gcc 4:12.2.0-3 amd64
  git 1:2.39.2-1.1 amd64
  grub-efi-amd64 2.06-13+deb12u1 amd64
  initramfs-tools 0.142 all
  iproute2 6.1.0-3 amd64
  iputils-ping 3:20221126-1 amd64
  kmod 30+20221128-1 amd64
  libtool 2.4.7-5 all
  libvirt-clients 9.0.0-4 amd64 /virsh
  libvirt-daemon-system 9.0.0-4 amd64 /libvirtd
  lshw 02.19.git.2021.06.19.996aaad9c7-2+b1 amd64 /lshw
  lsof 4.95.0-1 amd64
  make 4.3-4.1 amd64
  mokutil 0.6.0-2 amd64 /mokutil
  mstflint 4.21.0+1-2 amd64 /mstconfig /mstflint /mstfwmanager /mstfwreset
  nano 7.2-1 amd64
  openssh-server 1:9.2p1-2+deb12u2 amd64
  openvswitch-switch 3.1.0-2+deb12u1 amd64
  patch 2.7.6-7 amd64
  pciutils 1:3.9.0-4 amd64 /lspci
  qemu-system-x86 1:7.2+dfsg-7+deb12u7 amd64 /qemu-kvm /qemu-system-x86_64
  qemu-utils 1:7.2+dfsg-7+deb12u7 amd64 /qemu-img /qemu-nbd
  systemd 252.22-1~deb12u1 amd64
  tar 1.34+dfsg-1.2+deb12u1 amd64
  virtinst 1:4.1.0-2 all
  wget 1.21.3-1+b2 amd64
  xorriso 1.5.4-4 amd64 /xorriso
`);

const NOT_INSTALLED: readonly string[] = [
  "autoconf",
  "automake",
  "build-essential",
  "dkms",
  "gcc",
  "git",
  "libtool",
  "make",
  "mstflint",
  "nano",
  "patch",
];

/** `6.1.0-18-amd64` is in `linux-image-6.1.0-18-amd64` of version `6.1.0-18`. */
export const debianKernel = (release: string): readonly SimPackage[] => {
  const version = release.replace(/-amd64$/, "");
  const own = (name: string, requires: readonly string[] = []): SimPackage => ({
    name,
    version,
    architecture: "amd64",
    requires,
    programs: [],
    isInstallOnly: false,
  });
  return [
    own("linux-image-amd64", [`linux-image-${release}`]),
    own(`linux-image-${release}`),
    own("linux-headers-amd64", [`linux-headers-${release}`]),
    own(`linux-headers-${release}`),
  ];
};

export const DEBIAN12 = {
  repositories: { debian: MAIN },
  kernelRepository: "debian",
  kernelPackages: debianKernel,
  kernelOf: ({ name }: SimPackage) => /^linux-image-(\d.*)$/.exec(name)?.[1],
  base: MAIN.filter(({ name }) => !NOT_INSTALLED.includes(name)),
  files: {
    "/etc/apt/sources.list.d/debian.sources": [
      "Types: deb",
      "URIs: http://deb.example/debian",
      "Suites: bookworm bookworm-updates",
      "Components: main contrib non-free-firmware",
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
      "",
    ].join("\n"),
  },
  vendorPackages: [],
  buildPackages: ["build-essential", "dkms"],
  packageFiles: {
    "libvirt-daemon-system": {
      "/etc/libvirt/qemu.conf": LIBVIRT_QEMU_CONF,
      "/usr/sbin/libvirtd": "",
    },
    "qemu-system-x86": { "/usr/bin/qemu-system-x86_64": "" },
  },
} as const;
