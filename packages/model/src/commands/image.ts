import type { ImageFormat, ImageSpec } from "../desired/image.ts";
import { digestOf } from "../values/canonical-json.ts";
import type { Argv } from "./argv.ts";

/** Where hosts keep images that were checked, ready for VMs. Never written to but by its owner. */
export const IMAGE_FOLDER = "/var/lib/switchyard/image-cache";

/** Hex digits that tell what was installed into an image. */
const PACKAGES_DIGITS = 16;

/** Files of one image in the cache. The same bytes read as another format, or with packages, are another image. */
export interface ImagePaths {
  /** Identity in the cache. */
  readonly key: string;
  /** What VMs use: a qcow2 that nothing stands behind, or the ISO as it came. */
  readonly base: string;
  /** The source while it comes. */
  readonly partial: string;
  /** The base while it is made. */
  readonly converting: string;
  /** Wall clock of the last use in milliseconds, as text. */
  readonly usedAt: string;
}

export function imagePaths(spec: Pick<ImageSpec, "sha256" | "format" | "packages">): ImagePaths {
  const { sha256, format, packages = [] } = spec;
  const added = packages.length === 0 ? "" : `-${digestOf(packages).slice(0, PACKAGES_DIGITS)}`;
  const key = `${sha256}-${format}${added}`;
  const base = `${IMAGE_FOLDER}/${key}`;
  return {
    key,
    base: `${base}${IMAGE_BASE_END}`,
    partial: `${base}.part`,
    converting: `${base}.converting`,
    usedAt: `${base}.used`,
  };
}

/** How the names of bases end. */
export const IMAGE_BASE_END = ".base";

/** Folder under which every VM has its own for what outlives a boot. */
export const VM_DISK_FOLDER = "/var/lib/switchyard/vms";

/** Files of one VM that outlive a boot of its host. */
export interface VmDiskPaths {
  readonly folder: string;
  readonly disk: string;
  readonly diskPartial: string;
  /** Names the move that brought the disk, once it is whole. */
  readonly diskReceived: string;
  /** Names the live move by which the guest came, from just before it is let go on here. */
  readonly resumed: string;
  readonly seed: string;
  readonly seedPartial: string;
  /** Folder of what the seed is made from. */
  readonly seedFiles: string;
  /** Names the image that the VM stands on: it is then never evicted. */
  readonly lease: string;
  /** Names the block device that shows the disk to the host, while it is edited. */
  readonly nbd: string;
  /** Where the guest's root is mounted, while it is edited. */
  readonly mount: string;
  /** JSON of what was written into the disk. */
  readonly edit: string;
}

export function vmDiskPaths(vm: string): VmDiskPaths {
  const folder = `${VM_DISK_FOLDER}/${vm}`;
  return {
    folder,
    disk: `${folder}/disk.qcow2`,
    diskPartial: `${folder}/disk.qcow2.part`,
    diskReceived: `${folder}/disk.received`,
    resumed: `${folder}/resumed`,
    seed: `${folder}/seed.iso`,
    seedPartial: `${folder}/seed.iso.part`,
    seedFiles: `${folder}/seed`,
    lease: `${folder}/image`,
    nbd: `${folder}/nbd`,
    mount: `${folder}/root`,
    edit: `${folder}/edit.json`,
  };
}

/** An ISO is sectors to qemu-img. */
const formatName = (format: ImageFormat): string => (format === "qcow2" ? "qcow2" : "raw");

/**
 * Bounds on a program that reads a header from strangers: address space, and seconds of CPU. With a format
 * named nothing is guessed from the content.
 *
 * @see CVE-2015-5162, CVE-2024-4467
 */
const bounded = (cpuSecondsMax: number): Argv => [
  "prlimit",
  `--as=${2 * 1024 ** 3}`,
  `--cpu=${cpuSecondsMax}`,
  "--",
  "qemu-img",
];

/** @see qemu-img(1), info */
export const qemuImgInfo = (path: string, format: ImageFormat): Argv => [
  ...bounded(30),
  "info",
  "-f",
  formatName(format),
  "--output=json",
  "--",
  path,
];

/** As {@link qemuImgInfo}, of a disk that a VM may have open. */
export const qemuImgInfoShared = (path: string): Argv => [
  ...bounded(30),
  "info",
  "-U",
  "-f",
  "qcow2",
  "--output=json",
  "--",
  path,
];

/**
 * Finds a qcow2 that was cut off: what is missing reads as zeros, and converting it is no error.
 *
 * @see qemu-img(1), check: status 0 clean, 1 not done, 2 corrupt, 3 leaks
 */
export const qemuImgCheck = (path: string): Argv => [
  ...bounded(600),
  "check",
  "-f",
  "qcow2",
  "--output=json",
  "--",
  path,
];

/** The result names no other file, whatever the source said. @see qemu-img(1), convert */
export const qemuImgConvert = (format: ImageFormat, source: string, target: string): Argv => [
  "qemu-img",
  "convert",
  "-f",
  formatName(format),
  "-O",
  "qcow2",
  "--",
  source,
  target,
];

/** A disk that holds what differs from its base, or an empty one. @see qemu-img(1), create */
export function qemuImgCreate(
  target: string,
  options: { readonly base?: string | undefined; readonly sizeBytes?: number | undefined },
): Argv {
  const { base, sizeBytes } = options;
  return [
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    ...(base === undefined ? [] : ["-b", base, "-F", "qcow2"]),
    "--",
    target,
    ...(sizeBytes === undefined ? [] : [String(sizeBytes)]),
  ];
}

/** Grows a disk that no process has open; what it held stays. Refuses to shrink. @see qemu-img(1), resize */
export const qemuImgResize = (path: string, sizeBytes: number): Argv => [
  "qemu-img",
  "resize",
  "-q",
  "-f",
  "qcow2",
  "--",
  path,
  String(sizeBytes),
];

/** Programs that write ISO 9660, the one to be preferred first: RHEL 9 has only xorriso. */
export const ISO_PROGRAMS = ["xorriso", "genisoimage"] as const;
export type IsoProgram = (typeof ISO_PROGRAMS)[number];

/** A volume of the label by which cloud-init knows it. @see xorrisofs(1), genisoimage(1) */
export const isoOfFolder = (program: IsoProgram, folder: string, target: string): Argv => [
  program,
  ...(program === "xorriso" ? ["-as", "mkisofs"] : []),
  "-quiet",
  "-output",
  target,
  "-volid",
  "cidata",
  "-joliet",
  "-rock",
  folder,
];

/** @see chmod(1) */
export const makeReadOnly = (path: string): Argv => ["chmod", "0444", path];
