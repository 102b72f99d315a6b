import type { Finding } from "./finding.ts";
import type { Disruption, Step } from "./step.ts";

/**
 * The ordered, complete way from observed to desired. Making one changes nothing; it leaves no choice
 * to the executor.
 */
export interface HostPlan {
  readonly steps: readonly Step[];
  /** One with severity `error` blocks the plan. */
  readonly findings: readonly Finding[];
  readonly disruption: Disruption;
  /** Running VMs that lose their NIC on the way. */
  readonly affectedVms: readonly string[];
  /** SHA-256 over the steps' kinds and arguments: two plans that do the same have the same digest. */
  readonly digest: string;
}
