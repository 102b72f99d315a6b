import type { ReasonEntry } from "./reason-entry.ts";

/** Images and the disks of VMs made from them. */
export const IMAGE_REASONS = {
  IMAGE_FORMAT_WRONG: {
    code: "FAILED_PRECONDITION",
    summary: "The image is not of the format that was declared.",
    fix: "Create it with the format that `qemu-img info` shows where it was made.",
  },
  IMAGE_EMPTY: {
    code: "FAILED_PRECONDITION",
    summary: "The image has no bytes, or its disk has none.",
    fix: "Look at the source; a failed download leaves such files.",
  },
  IMAGE_DAMAGED: {
    code: "FAILED_PRECONDITION",
    summary: "The image is cut off or corrupt.",
    fix: "Fetch the source again where it was published, and compare its checksum there.",
  },
  IMAGE_TOO_LARGE: {
    code: "FAILED_PRECONDITION",
    summary: "The image's disk is larger than its bound.",
    fix: "Raise the image's virtual size bound if its disk is meant to be so large.",
  },
  IMAGE_BACKING_FILE: {
    code: "FAILED_PRECONDITION",
    summary: "The image names another file that it stands on.",
    fix: "Flatten it where it was made: qemu-img convert -O qcow2.",
  },
  IMAGE_DATA_FILE: {
    code: "FAILED_PRECONDITION",
    summary: "The image keeps its data in another file.",
    fix: "Put it into one file where it was made: qemu-img convert -O qcow2.",
  },
  IMAGE_CONVERT_FAILED: {
    code: "INTERNAL",
    summary: "The image could not be converted.",
    fix: "Read qemu-img's message in the job's log.",
  },
  IMAGE_CACHE_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host has no room for the image.",
    fix: "Free space below /var/lib/switchyard, or delete VMs of images no longer wanted.",
  },
  VM_DISK_UNEXPECTED: {
    code: "FAILED_PRECONDITION",
    summary: "The VM's disk on the host is not the one it should be.",
    fix: "Look below /var/lib/switchyard/vms on the host; move what is not wanted away.",
  },
  VM_DISK_TOO_SMALL: {
    code: "FAILED_PRECONDITION",
    summary: "The VM's disk would be smaller than its image's.",
    fix: "Ask for a larger disk, or for none: it is then as large as the image's.",
  },
  SEED_BUILD_FAILED: {
    code: "INTERNAL",
    summary: "The guest's cloud-init seed could not be made.",
    fix: "Install xorriso on the host; a profile with virtualization does.",
  },
  IMAGE_PACKAGES_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The packages could not be installed into the image.",
    fix: "Read the end of its console in the error; the image needs cloud-init and repositories it reaches.",
  },
  DISK_EDIT_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The VM's disk could not be changed before its first start.",
    fix: "Let cloud-init set the guest up, or bring an image with a root file system that Linux mounts.",
  },
  DISK_EDIT_UNSAFE: {
    code: "FAILED_PRECONDITION",
    summary: "A link in the image leads out of it: writing there would change the host.",
    fix: "Don't use the image; look at where it came from.",
  },
} as const satisfies Record<string, ReasonEntry>;
