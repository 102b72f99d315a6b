import type { CheckEntry } from "../check-entry.ts";

/** VMs and what their figures depend on. */
export const VM_CHECKS = {
  D13: {
    group: "vm",
    title: "every guest has the MAC of its vDPA device",
    causes: ["QEMU was started with another MAC", "the device was made anew under the VM"],
    fix: "Delete the VM and create it again.",
  },
  F01: {
    group: "vm",
    title: "the vDPA device that each VM holds still exists",
    causes: ["the VFs were made anew under the VM"],
    fix: "Delete the VM and create it again.",
  },
  F02: {
    group: "vm",
    title: "QEMU may lock all of its guest's memory",
    causes: ["RLIMIT_MEMLOCK is lower than guest memory x devices; root is not exempt"],
    fix: "Start QEMU with LimitMEMLOCK=infinity.",
  },
  F04: {
    group: "vm",
    title: "every guest gets the queue pairs it was promised",
    causes: ["mq=true is missing on QEMU's command line", "the vDPA device has fewer pairs"],
    fix: "Make device, QEMU and vCPUs agree; then create the VM again.",
  },
  F05: {
    group: "vm",
    title: "every queue has an interrupt and a doorbell page of its own",
    causes: ["vectors is lower than 2 x pairs + 2", "page-per-vq is off"],
    fix: "vectors=2n+2 and page-per-vq=on on QEMU's command line.",
  },
  F14: {
    group: "eswitch",
    title: "no VF is passed through to a VM while the card is in switchdev mode",
    causes: [
      "SR-IOV passthrough through a physical switch needs legacy mode: in switchdev traffic goes to the representor",
    ],
    fix: "Remove all VFs, devlink dev eswitch set PORT mode legacy, make the VFs again.",
  },
  "VM-STATE": {
    group: "vm",
    title: "every VM placed here runs here",
    causes: ["QEMU ended or was killed", "the host was rebooted", "the guest panicked"],
    fix: "swy vm get VM says of what it ended; swy vm start VM",
  },
  "VM-UNKNOWN": {
    group: "vm",
    title: "every VM that runs here was placed here",
    causes: [
      "its delete job did not reach the host",
      "the database was restored to an older state",
    ],
    fix: "Stop the process on the host, or restore the VM's record.",
  },
  "LEAK-PROCESS": {
    group: "vm",
    title: "no QEMU runs of a VM that is stopped or not here",
    causes: ["somebody started it by hand", "the database was restored to an older state"],
    fix: "Look whose it is; then end the process by its pid.",
  },
  "LEAK-FILES": {
    group: "vm",
    title: "no folder, disk or shown disk is here of a VM that is not",
    causes: [
      "the VM was deleted while its host was away, or its delete job expired",
      "the database was restored to an older state",
    ],
    fix: "Look whether anybody misses the disk; then remove the folder.",
  },
  "VM-AGENT": {
    group: "vm",
    title: "the guest agents answer",
    causes: ["the guest has not booted yet", "the image has no qemu-guest-agent"],
    fix: "Look at the guest's console; install qemu-guest-agent in the image.",
  },
  "LINT-QUEUES-DEVICE": {
    group: "vm",
    title: "no VM asks for more queue pairs than its vDPA device has",
    causes: ["the VM was defined for a profile with a higher max_vqp"],
    fix: "Lower the VM's queue pairs or raise max_vqp in the profile.",
  },
  "LINT-QUEUES-VCPUS": {
    group: "vm",
    title: "no VM has more queue pairs than vCPUs",
    causes: ["queue pairs beyond vCPUs are never used"],
    fix: "Give the VM at most one queue pair per vCPU.",
  },
  "LINT-BRIDGE-ADDRESS": {
    group: "vm",
    title: "no bridge's address lies in the pool that VMs take theirs from",
    causes: ["the profile's bridge range and the network's pool overlap"],
    fix: "Move the network's pool or the profile's bridge range.",
  },
  G01: {
    group: "performance",
    title: "the card's PCIe link carries one port at its full rate",
    causes: [
      "the card is in a slot with fewer lanes or an older generation",
      "bifurcation in BIOS",
    ],
    fix: "Move the card to an x16 slot.",
  },
  G02: {
    group: "performance",
    title: "the NUMA node of the NIC is known, and has memory and CPUs",
    causes: [
      "BIOS gives no affinity for the slot (sub-NUMA clustering or node interleaving)",
      "no memory is plugged in beside the NIC's socket",
    ],
    fix: "Turn node interleaving off in BIOS; plug memory in beside the NIC's socket.",
  },
} as const satisfies Record<string, CheckEntry>;
