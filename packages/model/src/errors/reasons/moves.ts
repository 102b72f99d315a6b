import type { ReasonEntry } from "./reason-entry.ts";

/** VMs that go from one host to another, and hosts that are emptied, lost or fenced. */
export const MOVE_REASONS = {
  HOST_CORDONED: {
    code: "FAILED_PRECONDITION",
    summary: "The host takes no new VMs.",
    fix: "swy host uncordon HOST",
  },
  MOVE_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No move has this id.",
    fix: "swy move list",
  },
  VM_MOVING: {
    code: "FAILED_PRECONDITION",
    summary: "The VM's last move has not ended.",
    fix: "Wait for it: swy move list",
  },
  VM_NOT_MOVABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The VM can't be moved to another host.",
    fix: "swy vm migration VM",
  },
  LIVE_MOVE_BLOCKED: {
    code: "FAILED_PRECONDITION",
    summary: "The VM can't be moved while it runs.",
    fix: "swy vm migration VM tells why; swy vm move VM --cold stops it for the move",
  },
  MIGRATION_REFUSED: {
    code: "FAILED_PRECONDITION",
    summary: "QEMU does not migrate this VM.",
    fix: "swy vm move VM --cold",
  },
  MIGRATION_FAILED: {
    code: "UNAVAILABLE",
    summary: "Memory or disk of the VM did not come through; it runs on where it was.",
    fix: "Move it again, or with --cold; the hosts must reach each other on ports 49152 to 49215.",
  },
  MIGRATION_TOO_SLOW: {
    code: "DEADLINE_EXCEEDED",
    summary: "The VM writes faster than can be sent; it runs on where it was.",
    fix: "Move it when it has less to do, or with --cold",
  },
  MIGRATION_NO_PORT: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host has no address or port at which a VM could be waited for.",
    fix: "Look at what listens on ports 49152 to 49215 of the host, and at its default route",
  },
  VM_NOT_ARRIVED: {
    code: "UNAVAILABLE",
    summary: "The guest's memory is not whole on its new host; it goes on where it was.",
    fix: "Move it again; QEMU's own words are in the job's log.",
  },
  HOST_NOT_LOST: {
    code: "FAILED_PRECONDITION",
    summary: "Only a host that is lost can be fenced.",
    fix: "swy host evacuate HOST, which asks its agent",
  },
  HOST_NOT_FENCED: {
    code: "FAILED_PRECONDITION",
    summary: "Nobody knows whether the lost host still runs its VMs.",
    fix: "swy host fence HOST",
  },
  HOST_FENCED: {
    code: "FAILED_PRECONDITION",
    summary: "The host was fenced, and what VMs left on it is not taken away yet.",
    fix: "Switch it on and wait: swy move list --host HOST",
  },
  FENCE_FAILED: {
    code: "UNAVAILABLE",
    summary: "The host could not be switched off, or is not seen to be off.",
    fix: "Look at it, switch it off by hand, then swy host fence HOST --confirmed-by-operator REASON",
  },
  VM_DISK_LEFT: {
    code: "FAILED_PRECONDITION",
    summary: "The VM's disk is on the lost host and can't be reached.",
    fix: "Bring the host back, or take a new disk: swy host evacuate HOST --fenced --new-disk",
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
