import type { IMAGE_REASONS } from "../reasons/images.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const IMAGE_EXPLANATIONS: ExplanationsOf<typeof IMAGE_REASONS> = {
  IMAGE_FORMAT_WRONG: because([
    "a raw image was declared as qcow2",
    "the server answered with a page instead of the image",
  ]),
  IMAGE_EMPTY: because(["the file was made and never written"]),
  IMAGE_DAMAGED: because(["the file was cut off before its checksum was taken"]),
  IMAGE_TOO_LARGE: because([
    "the disk is larger than the default bound of 128 GiB",
    "a few KiB of qcow2 ask for a disk that no host has",
  ]),
  IMAGE_BACKING_FILE: because(["an overlay was published without what it stands on"]),
  IMAGE_DATA_FILE: because(["it was made with data_file, as for sharing a raw disk"]),
  IMAGE_CONVERT_FAILED: because(["the host's disk has errors", "qemu-img is broken"]),
  IMAGE_CACHE_FULL: because([
    "the file system below /var/lib/switchyard is full",
    "VMs use as many images as a host keeps",
  ]),
  VM_DISK_UNEXPECTED: because(["a disk of an earlier VM of this name was left behind"]),
  VM_DISK_TOO_SMALL: because(["the image's disk is larger than the disk that was asked for"]),
  SEED_BUILD_FAILED: because(["neither xorriso nor genisoimage is installed", "the disk is full"]),
  IMAGE_PACKAGES_FAILED: because([
    "a package is not in the repositories that the guest knows",
    "the host has no way to the repositories",
    "the image has no cloud-init",
  ]),
  DISK_EDIT_FAILED: because([
    "the host's kernel has no module nbd, or all its devices are taken",
    "the image's root is on LVM, encrypted, or no file system of Linux",
  ]),
  DISK_EDIT_UNSAFE: because([
    "the image was made to change its host",
    "a folder was moved and linked",
  ]),
};
