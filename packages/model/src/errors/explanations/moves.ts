import type { MOVE_REASONS } from "../reasons/moves.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const MOVE_EXPLANATIONS: ExplanationsOf<typeof MOVE_REASONS> = {
  HOST_CORDONED: because(["somebody cordoned it for maintenance, or it was drained or fenced"]),
  MOVE_NOT_FOUND: because(["the id was cut off or typed by hand"]),
  VM_MOVING: because([
    "the VM is on its way, or what it left on its old host is not taken away yet",
    "the old host is down, and what is left there waits for it",
  ]),
  VM_NOT_MOVABLE: because([
    "it boots a disk image that is a file of its host",
    "its MAC is the hardware's, and would be another on another host",
  ]),
  LIVE_MOVE_BLOCKED: because([
    "its NICs, its QEMU or a kernel can't hand over their state",
    "the hosts' CPUs or QEMUs differ",
  ]),
  MIGRATION_REFUSED: because(["a device of the VM can't hand over its state"]),
  MIGRATION_FAILED: because(
    [
      "a firewall stands between the hosts' management addresses",
      "the other host went down or lost its management network",
    ],
    "AGENT-ALIVE",
  ),
  MIGRATION_TOO_SLOW: because(["the guest rewrites its memory faster than the network carries it"]),
  MIGRATION_NO_PORT: because([
    "the host has no default route, so that its management address is not known",
    "other programs or VMs that come live have taken all ports",
  ]),
  VM_NOT_ARRIVED: because([
    "the QEMU that waited for it ended",
    "the two hosts' QEMUs do not make the same devices of the VM",
  ]),
  HOST_NOT_LOST: because(["its agent still reports, so that it can be asked"]),
  HOST_NOT_FENCED: because(["the host may run on behind a network that is cut"], "AGENT-ALIVE"),
  HOST_FENCED: because(["the host has not come back since its VMs were started elsewhere"]),
  FENCE_FAILED: because([
    "the BMC does not answer, or the agent that asks has no password for it",
    "the lost host never told of its BMC",
  ]),
  VM_DISK_LEFT: because(["a VM's disk is on its own host, and nowhere else"]),
  DISK_TICKET_EXPIRED: because([
    "the copy took longer than a ticket is good for",
    "the clocks of controller and host differ by hours",
  ]),
  DISK_IN_USE: because(["the VM was started on its host by hand while it was moved"]),
  DISK_SOURCE_SILENT: because(
    ["the host went down or lost its management network in mid-copy", "its agent does not run"],
    "AGENT-ALIVE",
  ),
  DISK_COPY_WRONG: because([
    "the disk was written to while it was copied",
    "a disk or memory of one of the hosts is faulty",
  ]),
  DISK_NO_SPACE: because(["images and other VMs' disks fill the file system"], "HOST-DISK"),
};
