import type { Examination, Inventory } from "@switchyard/model";
import type { HostFacts, PreflightFacts } from "./facts.ts";

/** What a check says of facts. `skip` is for what is not known: it is never called good or bad. */
export interface Verdict {
  readonly status: "skip" | "pass" | "warn" | "fail";
  readonly evidence: readonly string[];
  /** More to the point than the check's own; the first one is tried. */
  readonly fix?: string;
}

/** One check. Pure: the same facts give the same verdict. */
export type Check<Facts> = (facts: Facts) => Verdict;
/** Of all that is known of a host. */
export type HostCheck = Check<HostFacts>;
/** Of what its inventory tells, and its profile where there is one. */
export type PreflightCheck = Check<PreflightFacts>;

/** Facts shown per check; the rest is counted. */
const EVIDENCE_MAX = 10;

function bounded(evidence: readonly string[]): readonly string[] {
  if (evidence.length <= EVIDENCE_MAX) return evidence;
  const shown = evidence.slice(0, EVIDENCE_MAX);
  return [...shown, `and ${evidence.length - EVIDENCE_MAX} more`];
}

const verdict = (
  status: Verdict["status"],
  evidence: readonly string[],
  fix?: string,
): Verdict => ({
  status,
  evidence: bounded(evidence),
  ...(fix !== undefined && { fix }),
});

export const pass = (...evidence: readonly string[]): Verdict => verdict("pass", evidence);
export const skip = (why: string): Verdict => verdict("skip", [why]);
export const warn = (evidence: readonly string[], fix?: string): Verdict =>
  verdict("warn", evidence, fix);
export const fail = (evidence: readonly string[], fix?: string): Verdict =>
  verdict("fail", evidence, fix);

/** Fails with what is wrong, or passes with what was looked at. */
export const failOn = (wrong: readonly string[], right: string, fix?: string): Verdict =>
  wrong.length > 0 ? fail(wrong, fix) : pass(right);
export const warnOn = (wrong: readonly string[], right: string, fix?: string): Verdict =>
  wrong.length > 0 ? warn(wrong, fix) : pass(right);

export const withInventory =
  <Facts extends PreflightFacts = HostFacts>(
    check: (inventory: Inventory, facts: Facts) => Verdict,
  ): Check<Facts> =>
  (facts) =>
    facts.inventory === undefined
      ? skip("the host has not reported its inventory")
      : check(facts.inventory, facts);

/** Parts of an inventory that stand empty where reading them failed. */
const PARTS = {
  cpu: /^(CPUs|The accelerator)$/,
  iommu: /^IOMMU groups$/,
  memory: /^Memory$/,
  modules: /^Kernel modules$/,
  nics: /^(NICs|PF |Links|Devlink ports|The eswitch mode)/,
  vdpa: /^(vDPA|NICs|PF )/,
  ovs: /^(Open vSwitch|Links)$/,
  vms: /^VMs$/,
} as const;
export type InventoryPart = keyof typeof PARTS;

/** As `withInventory`, skipped too where one of the parts could not be read. */
export const withParts = <Facts extends PreflightFacts = HostFacts>(
  parts: readonly InventoryPart[],
  check: (inventory: Inventory, facts: Facts) => Verdict,
): Check<Facts> =>
  withInventory<Facts>((inventory, facts) => {
    const failed = inventory.findings.find(({ unread }) =>
      parts.some((part) => unread !== undefined && PARTS[part].test(unread)),
    );
    return failed === undefined ? check(inventory, facts) : skip(failed.message);
  });

/** For what only a look at the host tells. */
export const withLook =
  <Key extends keyof Examination>(
    key: Key,
    check: (value: NonNullable<Examination[Key]>, facts: HostFacts) => Verdict,
  ): HostCheck =>
  (facts) => {
    if (facts.examination === undefined) return skip(facts.silence ?? "the host was not looked at");
    const value = facts.examination[key];
    return value === undefined || value === null
      ? skip("this could not be read on the host")
      : check(value as NonNullable<Examination[Key]>, facts);
  };
