import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { execa } from "execa";
import { packBootRecord, SECTOR_BYTES } from "./boot-record.ts";
import { readDebianSources } from "./debian.ts";
import { packageFolder } from "./package-folder.ts";
import type { Stage } from "./stage-cache.ts";
import { type Report, timed } from "./steps.ts";

/** Raise it when this file changes what the stages hold. */
const RECIPE = "guest image 1";
const SUITE = "bookworm";

/** What a VM's guest has installed. */
const PACKAGES: readonly string[] = [
  ...["cloud-init", "qemu-guest-agent", "iperf3"],
  ...["ifupdown", "iproute2", "iputils-ping", "netbase", "login", "busybox-static"],
];

/** What no guest of the lab reads, and never was unpacked. */
const LEFT_OUT = ["doc", "man", "locale", "info", "i18n"].map((folder) => `/usr/share/${folder}/*`);

/** What only the installation needed: maintainer scripts in Perl, and apt's and dpkg's records. */
const TAKEN_OUT = [
  ...["etc/apt", "var/lib/apt", "var/cache/apt", "var/lib/dpkg/info", "var/log/apt"],
  ...["usr/share/perl", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/gconv"],
  ...["usr/lib/x86_64-linux-gnu/libperl.so.5.36.0", "usr/share/zoneinfo"],
];

/** Debian with cloud-init, the guest agent and iperf3, as `root`; nothing of the lab's own. */
export function guestTreeStage(report: Report): Stage {
  const packages = [...PACKAGES].sort();
  return {
    name: "guest-tree",
    inputs: [RECIPE, SUITE, ...packages, ...LEFT_OUT, ...TAKEN_OUT],
    build: (directory) =>
      timed(report, `guest image: ${packages.length} packages with what they need`, async () => {
        const root = join(directory, "root");
        await execa(
          "mmdebstrap",
          [
            ...["--quiet", "--variant=minbase", `--include=${packages.join(",")}`],
            '--aptopt=APT::Install-Recommends "false"',
            ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
            ...[SUITE, root, "-"],
          ],
          { input: await readDebianSources() },
        );
        for (const path of TAKEN_OUT) {
          await rm(join(root, path), { recursive: true, force: true });
        }
      }),
  };
}

/** The directories of the stages that the image is made from. */
export interface GuestImageParts {
  readonly guestTree: string;
  readonly guestKernel: string;
}

/** File of a stage that holds the image. */
export const GUEST_IMAGE = "guest.qcow2";

const MIB = 1024 * 1024;
/** The boot loader and the kernel, from the second MiB of the disk on. */
const BOOT_MIB = 16;
const FIRST_MIB = 1;
/** What a guest may write: logs, cloud-init's records, what a test puts there. */
const FREE_MIB = 64;

const GUEST_PROGRAMS = ["init", "reboot", "poweroff", "halt"];

/** The arguments after `root=` cut the boot where emulation runs inside emulation; see `nested-vm.ts`. */
export const BOOT_MENU = `DEFAULT debian
LABEL debian
  LINUX vmlinuz
  APPEND console=ttyS0 quiet root=/dev/vda2 rootfstype=ext4 rw panic=10 tsc=reliable no_timer_check lpj=4000000 i8042.noaux
`;

/**
 * The image that the lab's VMs boot, as `guest.qcow2`: a disk that a BIOS starts, with a boot loader on FAT and
 * Debian on ext4. Nothing is mounted and no loop device is used.
 */
export async function guestImageStage(parts: GuestImageParts, report: Report): Promise<Stage> {
  const overlay = join(packageFolder, "guest-files");
  return {
    name: "guest-image",
    inputs: [RECIPE, BOOT_MENU, await readFolder(overlay), parts.guestTree, parts.guestKernel],
    build: (directory) =>
      timed(report, "guest image: disk", async () => {
        const work = join(directory, "work");
        const root = join(work, "root");
        await mkdir(work);
        await execa("cp", ["--archive", join(parts.guestTree, "root"), root]);
        await execa("cp", ["--recursive", "--preserve=mode", `${overlay}/.`, root]);
        for (const name of GUEST_PROGRAMS) {
          const path = join(root, "usr/sbin", name);
          await rm(path, { force: true });
          await symlink("/bin/busybox", path);
        }
        await writeFile(join(root, "etc/hostname"), "guest\n");
        await writeFile(join(root, "etc/machine-id"), "");
        await writeImage(
          { work, root, guestKernel: parts.guestKernel },
          join(directory, GUEST_IMAGE),
        );
        await rm(work, { recursive: true });
      }),
  };
}

/** What an image is made of. */
export interface ImageParts {
  /** Folder for what is thrown away. */
  readonly work: string;
  /** Folder that becomes the root. */
  readonly root: string;
  /** Stage of the guest's kernel. */
  readonly guestKernel: string;
}

/** Makes a disk that boots of a folder, as a compressed qcow2. */
export async function writeImage(
  { work, root, guestKernel }: ImageParts,
  file: string,
): Promise<void> {
  const disk = join(work, "disk.raw");
  const rootImage = await makeRootImage(work, root);
  await assembleDisk(disk, { boot: await makeBootImage(work, guestKernel), ...rootImage });
  await execa("qemu-img", [
    ...["convert", "-c", "-o", "compression_type=zstd", "-f", "raw", "-O", "qcow2"],
    ...[disk, file],
  ]);
}

/** Every file of a folder with its text, in a steady order, so that a change of one is another input. */
async function readFolder(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return files.map((file, index) => `${relative(folder, file)}\n${texts[index]}`).join("\n");
}

interface RootImage {
  readonly root: string;
  readonly rootMib: number;
}

async function makeRootImage(work: string, folder: string): Promise<RootImage> {
  const { stdout } = await execa("du", ["--summarize", "--block-size=1M", folder]);
  const rootMib = Math.ceil(Number.parseInt(stdout, 10) * ROOT_OVERHEAD) + FREE_MIB;
  const root = join(work, "root.img");
  await execa("mke2fs", [
    ...["-q", "-t", "ext4", "-L", "root", "-d", folder, "-E", "lazy_itable_init=0,nodiscard"],
    ...[root, `${rootMib}M`],
  ]);
  return { root, rootMib };
}

/** Inodes, journal and the file system's own tables, over what `du` counts. */
const ROOT_OVERHEAD = 1.15;

/** A FAT file system of {@link BOOT_MIB}, which SYSLINUX and mtools write without mounting it. */
async function makeBootImage(work: string, guestKernel: string): Promise<string> {
  const image = join(work, "boot.img");
  const menu = join(work, "syslinux.cfg");
  await writeFile(menu, BOOT_MENU);
  const sectorsBefore = (FIRST_MIB * MIB) / SECTOR_BYTES;
  const sectors = (BOOT_MIB * MIB) / SECTOR_BYTES;
  await execa("mformat", ["-C", "-i", image, "-T", `${sectors}`, "-H", `${sectorsBefore}`, "::"]);
  await execa("mcopy", ["-i", image, join(guestKernel, "bzImage"), "::vmlinuz"]);
  await execa("mcopy", ["-i", image, menu, "::syslinux.cfg"]);
  await execa("syslinux", ["--install", image]);
  return image;
}

async function assembleDisk(
  disk: string,
  { boot, root, rootMib }: RootImage & { readonly boot: string },
): Promise<void> {
  const sectors = (mib: number) => (mib * MIB) / SECTOR_BYTES;
  const rootAt = FIRST_MIB + BOOT_MIB;
  const record = packBootRecord(await readFile(SYSLINUX_MBR), [
    { type: 0x0e, isActive: true, firstSector: sectors(FIRST_MIB), sectorCount: sectors(BOOT_MIB) },
    { type: 0x83, isActive: false, firstSector: sectors(rootAt), sectorCount: sectors(rootMib) },
  ]);
  await writeFile(disk, record);
  await truncate(disk, (rootAt + rootMib) * MIB);
  for (const [image, at] of [
    [boot, FIRST_MIB],
    [root, rootAt],
  ] as const) {
    await execa("dd", [
      `if=${image}`,
      `of=${disk}`,
      "bs=1M",
      `seek=${at}`,
      "conv=notrunc,sparse",
      "status=none",
    ]);
  }
}

/** Debian's syslinux: code for the first sector, which starts the active partition. */
const SYSLINUX_MBR = "/usr/lib/SYSLINUX/mbr.bin";
