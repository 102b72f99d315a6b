import type { LabelSelector } from "./host-profile.ts";

/** Which hosts placement prefers: the emptiest, or the fullest that still has room. */
export const PLACEMENT_POLICIES = ["spread", "pack"] as const;
export type PlacementPolicy = (typeof PLACEMENT_POLICIES)[number];

/** The other VMs that a rule is about: those that carry all labels, or those with a rule of the same group. */
export type AffinityTarget =
  | { readonly kind: "labels"; readonly labels: LabelSelector }
  | { readonly kind: "group"; readonly group: string };

/**
 * Where a VM shall be in respect of others. A `required` rule that can't be kept refuses the host; a
 * `preferred` one counts when hosts are weighed. A required `apart` also keeps later VMs away that it names.
 */
export interface AffinityRule {
  readonly kind: "together" | "apart";
  readonly strength: "required" | "preferred";
  readonly target: AffinityTarget;
}

/** Rules of one VM. */
export const AFFINITY_RULES_MAX = 16;

/** A group's name: as long as a resource's. */
export const GROUP_NAME_LENGTH_MAX = 63;
