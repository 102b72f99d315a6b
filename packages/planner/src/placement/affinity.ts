import type { AffinityRule, AffinityTarget } from "@switchyard/model";
import type { CandidateHost, Resident } from "./candidate.ts";
import type { PlacementNeeds } from "./needs.ts";

type Member = Pick<Resident, "labels" | "affinity">;

/** Whether a target means the VM. */
export function isMeant(target: AffinityTarget, vm: Member): boolean {
  if (target.kind === "labels") {
    return Object.entries(target.labels).every(([key, value]) => vm.labels[key] === value);
  }
  return vm.affinity.some(
    ({ target: other }) => other.kind === "group" && other.group === target.group,
  );
}

export const formatTarget = (target: AffinityTarget): string =>
  target.kind === "group"
    ? `group ${target.group}`
    : Object.entries(target.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ");

export const residentsMeant = (
  host: Pick<CandidateHost, "residents">,
  target: AffinityTarget,
): readonly Resident[] => host.residents.filter((resident) => isMeant(target, resident));

/**
 * The VM's rules against one fleet. Of a required `together` that nobody it means satisfies yet, the VM is the
 * first: it may go anywhere.
 */
export interface FleetAffinity {
  readonly required: readonly AffinityRule[];
  readonly preferred: readonly AffinityRule[];
  /** Whether rules of VMs that are placed may name this one. */
  readonly isNameable: boolean;
}

export function fleetAffinity(
  needs: Pick<PlacementNeeds, "affinity" | "labels">,
  fleet: readonly Pick<CandidateHost, "residents">[],
): FleetAffinity {
  const { affinity, labels } = needs;
  const hasMember = ({ target }: AffinityRule): boolean =>
    fleet.some((host) => host.residents.some((resident) => isMeant(target, resident)));
  return {
    required: affinity.filter(
      (rule) => rule.strength === "required" && (rule.kind === "apart" || hasMember(rule)),
    ),
    preferred: affinity.filter(({ strength }) => strength === "preferred"),
    isNameable:
      Object.keys(labels).length > 0 || affinity.some(({ target }) => target.kind === "group"),
  };
}

/** Residents that want to be apart from the VM, with the rule. */
export function residentsAgainst(
  host: Pick<CandidateHost, "residents">,
  vm: Member,
): readonly (readonly [Resident, AffinityRule])[] {
  return host.residents.flatMap((resident) =>
    resident.affinity
      .filter(
        ({ kind, strength, target }) =>
          kind === "apart" && strength === "required" && isMeant(target, vm),
      )
      .map((rule) => [resident, rule] as const),
  );
}

/** Share of the preferred rules that the host satisfies, 0 to 1; 1 without rules. */
export function affinityScore(
  host: Pick<CandidateHost, "residents">,
  rules: readonly AffinityRule[],
): number {
  if (rules.length === 0) return 1;
  const kept = rules.filter(({ kind, target }) => {
    const isThere = host.residents.some((resident) => isMeant(target, resident));
    return kind === "together" ? isThere : !isThere;
  });
  return kept.length / rules.length;
}
