import type { HostCheckId } from "./checks.ts";

/**
 * What must be right about a host before its NIC is made ready, and can be told from its inventory alone. Plans
 * ask these too, of the host as the plan will have changed it.
 */
export const PREFLIGHT_CHECKS = [
  "A01",
  "A02",
  "A03",
  "A04",
  "A06",
  "HOST-NESTED",
  "HOST-NIC",
  "HOST-DISK",
  "HOST-HUGEPAGES",
  "HOST-TIME",
  "HOST-REBOOT",
  "HOST-SELINUX",
  "HOST-SECURE-BOOT",
  "MGMT-PATH",
  "G01",
  "G02",
] as const satisfies readonly HostCheckId[];

export type PreflightCheckId = (typeof PREFLIGHT_CHECKS)[number];

export const isPreflightCheck = (id: string): id is PreflightCheckId =>
  PREFLIGHT_CHECKS.some((each) => each === id);
