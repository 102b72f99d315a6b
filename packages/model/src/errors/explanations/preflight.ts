import type { PREFLIGHT_REASONS } from "../reasons/preflight.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const PREFLIGHT_EXPLANATIONS: ExplanationsOf<typeof PREFLIGHT_REASONS> = {
  CLOCK_UNSYNCHRONIZED: because(
    ["chronyd does not run", "its sources can't be reached"],
    "HOST-TIME",
    "HOST-CLOCK",
  ),
  HOST_VIRTUALIZED: because(["the agent was installed in a VM or a container"], "HOST-NESTED"),
  PCIE_LINK_DEGRADED: because(
    ["the card is in a slot with fewer lanes or an older generation", "bifurcation in BIOS"],
    "G01",
  ),
  NUMA_NODE_UNSUITABLE: because(
    ["BIOS gives no affinity for the slot", "no memory is plugged in beside the NIC's socket"],
    "G02",
  ),
  KERNEL_LOCKED_DOWN: because(
    ["Secure Boot is on", "the kernel was booted with lockdown="],
    "HOST-SECURE-BOOT",
  ),
};
