import {
  digestOf,
  type HostProfileSpec,
  PlanningError,
  type RolloutChange,
  type RolloutProfileChange,
} from "@switchyard/model";
import type { HostRecord, ProfileRecord, Transaction } from "@switchyard/store";
import { profileName } from "../validation/names.ts";

/** A profile as a rollout wants it. */
export interface ChangedProfile {
  readonly spec: HostProfileSpec;
  /** Empty where it was so before. */
  readonly changes: readonly RolloutProfileChange[];
}

/** @throws PlanningError LINT_FAILED where the profile has nothing of the kind */
export function changeProfile(
  { id, spec }: Pick<ProfileRecord, "id" | "spec">,
  { hwOffload }: RolloutChange,
): ChangedProfile {
  if (hwOffload === undefined) return { spec, changes: [] };
  const { datapath } = spec;
  if (datapath.mode !== "vdpa") {
    throw new PlanningError(
      "LINT_FAILED",
      `profile ${id} has no hardware offload: it is Open vSwitch's, which mode ${datapath.mode} does without`,
      {
        subject: profileName.format(id),
        found: `mode ${datapath.mode}`,
        needs: "profiles in mode vdpa",
        try: "name those by --profile",
      },
    );
  }
  if (datapath.hwOffload === hwOffload) return { spec, changes: [] };
  const before = String(datapath.hwOffload);
  return {
    spec: { ...spec, datapath: { ...datapath, hwOffload } },
    changes: [{ field: "datapath.hw_offload", before, after: String(hwOffload) }],
  };
}

const digestOfVersion = (spec: HostProfileSpec): string => digestOf({ ...spec, selector: {} });

/** Whether hosts are alike by both; labels decide who is meant, not what hosts are. */
export const isSameVersion = (one: HostProfileSpec, other: HostProfileSpec): boolean =>
  digestOfVersion(one) === digestOfVersion(other);

/** Newest of the generations of the profile that its hosts are at, where all of them come to the same. */
async function findCommon(
  tx: Transaction,
  profile: ProfileRecord,
  hosts: readonly HostRecord[],
): Promise<number | undefined> {
  const generations = new Set<number>();
  for (const { appliedProfile, appliedDesired } of hosts) {
    if (appliedProfile !== profile.id || appliedDesired === undefined) return undefined;
    generations.add(appliedDesired.profileGeneration);
  }
  const versions = await tx.profiles.findVersions(profile.id, [...generations]);
  if (versions.size !== generations.size) return undefined;
  const digests = new Set([...versions.values()].map(digestOfVersion));
  return digests.size === 1 ? Math.max(...generations) : undefined;
}

/**
 * The generation that hosts can be brought back to: what all of them are at now, or what the last rollout that
 * succeeded brought hosts to, unless that is what they are brought to now.
 */
export async function findProven(
  tx: Transaction,
  profile: ProfileRecord,
  by: { readonly hosts: readonly HostRecord[]; readonly target: HostProfileSpec },
): Promise<number | undefined> {
  const common = await findCommon(tx, profile, by.hosts);
  if (common !== undefined) return common;
  const proven = await tx.rollouts.findProven(profile.id);
  if (proven === undefined) return undefined;
  const spec = (await tx.profiles.findVersions(profile.id, [proven])).get(proven);
  return spec === undefined || isSameVersion(spec, by.target) ? undefined : proven;
}
