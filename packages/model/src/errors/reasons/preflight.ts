import type { ReasonEntry } from "./reason-entry.ts";

/** What a host is like before anything is done to it. */
export const PREFLIGHT_REASONS = {
  CLOCK_UNSYNCHRONIZED: {
    code: "FAILED_PRECONDITION",
    summary: "No time service keeps the host's clock.",
    fix: "systemctl enable --now chronyd, then look at `chronyc tracking`.",
  },
  HOST_VIRTUALIZED: {
    code: "FAILED_PRECONDITION",
    summary: "The host is itself a VM or a container.",
    fix: "Use a machine of its own; in a container the agent does not own the kernel.",
  },
  PCIE_LINK_DEGRADED: {
    code: "FAILED_PRECONDITION",
    summary: "The card's PCIe link is slower than one of its ports (G01).",
    fix: "Move the card to an x16 slot; look for bifurcation in BIOS.",
  },
  NUMA_NODE_UNSUITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The NIC's NUMA node is not known, or has no memory of its own (G02).",
    fix: "Turn node interleaving off in BIOS, plug memory in beside the NIC's socket.",
  },
  KERNEL_LOCKED_DOWN: {
    code: "FAILED_PRECONDITION",
    summary: "The kernel is locked down: no unsigned modules, no raw access to the card.",
    fix: "Turn Secure Boot off while firmware is written or an unsigned driver is used.",
  },
} as const satisfies Record<string, ReasonEntry>;
