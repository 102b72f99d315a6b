import {
  AFFINITY_RULES_MAX,
  type AffinityRule,
  GROUP_NAME_LENGTH_MAX,
  type VmSpec,
} from "@switchyard/model";
import {
  PlacementPolicy,
  type AffinityRule as ProtoRule,
  type VmSpec as ProtoVmSpec,
} from "@switchyard/proto";
import { AFFINITY_KIND, PLACEMENT_POLICY, wordOf } from "../convert/enums.ts";
import { checkLabels } from "./fields.ts";
import type { Violations } from "./violations.ts";

/** As names of resources are. */
const GROUP = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

function readRule(rule: ProtoRule, violations: Violations): AffinityRule | undefined {
  const { group, vmLabels, required } = rule;
  const kind = wordOf(AFFINITY_KIND, rule.kind);
  violations.check(kind !== undefined, "kind", "must be TOGETHER or APART");
  const hasLabels = Object.keys(vmLabels).length > 0;
  violations.check((group !== "") !== hasLabels, "", "takes either group or vm_labels");
  violations.check(
    group === "" || (GROUP.test(group) && group.length <= GROUP_NAME_LENGTH_MAX),
    "group",
    `must be 1 to ${GROUP_NAME_LENGTH_MAX} of a-z, 0-9 and -, with a letter or digit at both ends`,
  );
  checkLabels(vmLabels, violations, "vm_labels");
  if (kind === undefined) return undefined;
  const target = hasLabels
    ? { kind: "labels" as const, labels: vmLabels }
    : { kind: "group" as const, group };
  return { kind, strength: required ? "required" : "preferred", target };
}

/** What the spec asks of placement; what it leaves open is left out. */
export function readPlacement(
  spec: Pick<ProtoVmSpec, "placementPolicy" | "labels" | "affinity">,
  violations: Violations,
): Pick<VmSpec, "placementPolicy" | "labels" | "affinity"> {
  const placementPolicy = wordOf(PLACEMENT_POLICY, spec.placementPolicy);
  violations.check(
    placementPolicy !== undefined || spec.placementPolicy === PlacementPolicy.UNSPECIFIED,
    "placement_policy",
    "must be SPREAD or PACK",
  );
  checkLabels(spec.labels, violations, "labels");
  violations.check(
    spec.affinity.length <= AFFINITY_RULES_MAX,
    "affinity",
    `has more than ${AFFINITY_RULES_MAX} entries`,
  );
  const affinity = spec.affinity
    .slice(0, AFFINITY_RULES_MAX)
    .flatMap((rule, at) => readRule(rule, violations.at(`affinity[${at}]`)) ?? []);
  return {
    ...(placementPolicy !== undefined && { placementPolicy }),
    ...(Object.keys(spec.labels).length > 0 && { labels: spec.labels }),
    ...(affinity.length > 0 && { affinity }),
  };
}
