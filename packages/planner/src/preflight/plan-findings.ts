import {
  CHECKS_OF_HOST,
  type Finding,
  type PreflightCheckId,
  type Reason,
} from "@switchyard/model";
import type { PreflightFacts } from "../diagnosis/facts.ts";
import { errorFinding } from "../findings/finding.ts";
import { PREFLIGHT_RUNS } from "./preflight.ts";

interface PlanWord {
  readonly reason: Reason;
  /** The verdicts that a plan tells; default both. The other one is the doctor's to say, or a section's. */
  readonly tells?: "fail" | "warn";
  readonly message: (host: string) => string;
}

/**
 * What a plan says of a host that it can't change, by check. The others are in the sections of the plan that
 * need them, such as the IOMMU in the datapath's.
 */
const WORDS: Readonly<Partial<Record<PreflightCheckId, PlanWord>>> = {
  "HOST-DISK": {
    reason: "DISK_FULL",
    tells: "fail",
    message: (host) => `${host} has a full disk`,
  },
  "HOST-TIME": {
    reason: "CLOCK_UNSYNCHRONIZED",
    message: (host) => `nobody keeps the clock of ${host}`,
  },
  "HOST-NESTED": {
    reason: "HOST_VIRTUALIZED",
    message: (host) => `${host} is not a machine of its own`,
  },
  "HOST-SECURE-BOOT": {
    reason: "KERNEL_LOCKED_DOWN",
    tells: "warn",
    message: (host) => `${host} has a kernel that is locked down`,
  },
  G01: {
    reason: "PCIE_LINK_DEGRADED",
    message: (host) => `${host} has its card on a slow PCIe link`,
  },
  G02: {
    reason: "NUMA_NODE_UNSUITABLE",
    message: (host) => `${host} has its card on an unsuitable NUMA node`,
  },
};

/** Ones that are asked of a host with a datapath only. */
const OF_DATAPATH: readonly PreflightCheckId[] = ["G01", "G02"];

/**
 * What stands in the way of any work on the host, or will hurt it: what fails blocks the plan, what warns does not.
 * Silent where a fact is not known, as every agent before this one leaves it, and of lab hosts, which are inside an
 * emulator on purpose.
 */
export function preflightFindings(host: string, facts: PreflightFacts): readonly Finding[] {
  const isLab = facts.inventory?.hostKind === "lab";
  return (Object.keys(WORDS) as PreflightCheckId[]).flatMap((id) => {
    const word = WORDS[id];
    if (word === undefined || (isLab && id === "HOST-NESTED")) return [];
    if (OF_DATAPATH.includes(id) && facts.desired?.datapath === undefined) return [];
    const { status, evidence, fix } = PREFLIGHT_RUNS[id](facts);
    if (status !== "fail" && status !== "warn") return [];
    if (word.tells !== undefined && word.tells !== status) return [];
    const finding = errorFinding(word.reason, {
      message: word.message(host),
      found: evidence.join("; "),
      needs: CHECKS_OF_HOST[id].title,
      ...(fix !== undefined && { fix }),
    });
    return [{ ...finding, severity: status === "fail" ? "error" : "warning" }];
  });
}
