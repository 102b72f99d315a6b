import type { Command } from "commander";
import { collect, parseLabels } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";

/** Where a VM shall go, and which other VMs matter. */
export interface PlacementOptions {
  readonly policy?: string;
  readonly label?: readonly string[];
  readonly together?: readonly string[];
  readonly apart?: readonly string[];
  readonly preferTogether?: readonly string[];
  readonly preferApart?: readonly string[];
}

const OTHERS = "<group|key=value>";

export function addPlacementOptions(command: Command): void {
  command
    .option("--policy <policy>", "spread (default): the emptiest host; pack: the fullest")
    .option(
      "--label <key=value>",
      "label that rules of other VMs know it by; may be repeated",
      collect,
    )
    .option(`--together ${OTHERS}`, "only on a host with a VM of the group or label", collect)
    .option(`--apart ${OTHERS}`, "only on a host without", collect)
    .option(`--prefer-together ${OTHERS}`, "the same where it can be", collect)
    .option(`--prefer-apart ${OTHERS}`, "the same where it can be", collect);
}

const POLICIES: Readonly<Record<string, string>> = {
  spread: "PLACEMENT_POLICY_SPREAD",
  pack: "PLACEMENT_POLICY_PACK",
};

function policyOf(word: string): string {
  const policy = POLICIES[word];
  if (policy !== undefined) return policy;
  throw new UsageError(`"${word}" is no placement policy: spread or pack`);
}

/** A word with `=` names a label, any other a group. */
const ruleOf = (kind: string, required: boolean, others: string): Record<string, unknown> => ({
  kind,
  required,
  ...(others.includes("=") ? { vmLabels: parseLabels([others]) } : { group: others }),
});

/** The part of a VM's spec that the flags make. @throws UsageError */
export function placementOfFlags(options: PlacementOptions): Record<string, unknown> {
  const {
    policy,
    label,
    together = [],
    apart = [],
    preferTogether = [],
    preferApart = [],
  } = options;
  const affinity = [
    ...together.map((others) => ruleOf("AFFINITY_KIND_TOGETHER", true, others)),
    ...apart.map((others) => ruleOf("AFFINITY_KIND_APART", true, others)),
    ...preferTogether.map((others) => ruleOf("AFFINITY_KIND_TOGETHER", false, others)),
    ...preferApart.map((others) => ruleOf("AFFINITY_KIND_APART", false, others)),
  ];
  return {
    ...(policy !== undefined && { placementPolicy: policyOf(policy) }),
    ...(label !== undefined && { labels: parseLabels(label) }),
    ...(affinity.length > 0 && { affinity }),
  };
}
