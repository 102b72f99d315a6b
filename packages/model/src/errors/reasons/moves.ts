import type { ReasonEntry } from "./reason-entry.ts";

/** VMs that go from one host to another, and hosts that are emptied, lost or fenced. */
export const MOVE_REASONS = {
  HOST_CORDONED: {
    code: "FAILED_PRECONDITION",
    summary: "The host takes no new VMs.",
    fix: "swy host uncordon HOST",
  },
  DISK_TICKET_EXPIRED: {
    code: "FAILED_PRECONDITION",
    summary: "The permission to copy the disk has expired.",
    fix: "Move the VM again.",
  },
  DISK_IN_USE: {
    code: "FAILED_PRECONDITION",
    summary: "The VM runs, so that its disk can't be copied.",
    fix: "Stop the VM, then move it again.",
  },
  DISK_SOURCE_SILENT: {
    code: "UNAVAILABLE",
    summary: "The host that has the disk does not answer.",
    fix: "swy host get HOST",
  },
  DISK_COPY_WRONG: {
    code: "INTERNAL",
    summary: "The copy of the disk is not what its host had.",
    fix: "Move the VM again; if it comes back, look at the disks of both hosts.",
  },
  DISK_NO_SPACE: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The VM's disk does not fit on the host.",
    fix: "Make room below /var/lib/switchyard/vms, or move the VM to another host.",
  },
} as const satisfies Record<string, ReasonEntry>;
