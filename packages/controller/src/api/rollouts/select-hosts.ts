import {
  type HostId,
  InvalidInputError,
  type LabelSelector,
  LIMITS_OF_ROLLOUT,
  type RolloutSpec,
} from "@switchyard/model";
import type { HostRecord, ProfileRecord, Transaction } from "@switchyard/store";
import { listAll } from "../list-all.ts";
import { matchingProfiles, selectProfile } from "../plans/select-profile.ts";

/** A profile with the hosts of it that a rollout goes over. */
export interface ProfileHosts {
  readonly profile: ProfileRecord;
  readonly hosts: readonly HostRecord[];
  /** Its other hosts. */
  readonly outside: readonly HostId[];
}

export interface SelectedHosts {
  /** Ascending by name of the profile; each has hosts. */
  readonly profiles: readonly ProfileHosts[];
  /** Chosen, but no profile matches them. */
  readonly withoutProfileCount: number;
}

/** Labels of both selectors; undefined where they contradict each other. */
function joinSelectors(one: LabelSelector, other: LabelSelector): LabelSelector | undefined {
  const isContradiction = Object.entries(other).some(
    ([key, value]) => one[key] !== undefined && one[key] !== value,
  );
  return isContradiction ? undefined : { ...one, ...other };
}

const listHosts = (tx: Transaction, selector: LabelSelector): Promise<readonly HostRecord[]> =>
  listAll((page) => tx.hosts.list({ ...page, selector }), LIMITS_OF_ROLLOUT.hostsMax + 1);

/** Hosts that the rollout chooses, whatever profile they have. @throws StoreError PROFILE_NOT_FOUND */
async function listChosen(
  tx: Transaction,
  { profiles, selector }: RolloutSpec,
): Promise<readonly HostRecord[]> {
  if (profiles.length === 0) return listHosts(tx, selector);
  const chosen = new Map<HostId, HostRecord>();
  for (const id of profiles) {
    const { spec } = await tx.profiles.get(id);
    const joined = joinSelectors(spec.selector, selector);
    if (joined === undefined || Object.keys(joined).length === 0) continue;
    for (const host of await listHosts(tx, joined)) chosen.set(host.id, host);
  }
  return [...chosen.values()];
}

/** @throws InvalidInputError FIELD_INVALID */
function refuseTooMany(count: number, max: number, what: string): void {
  if (count <= max) return;
  const field = "rollout.spec.selector";
  const description = `chooses more than ${max} ${what}`;
  const needs = {
    needs: `at most ${max}`,
    try: "a narrower selector, or one profile after another",
  };
  throw new InvalidInputError("FIELD_INVALID", `${field} ${description}`, needs, [
    { field, description },
  ]);
}

async function outsideOf(
  tx: Transaction,
  { spec }: ProfileRecord,
  hosts: readonly HostRecord[],
): Promise<readonly HostId[]> {
  const inside = new Set(hosts.map(({ id }) => id));
  return (await tx.hosts.listMatching(spec.selector)).filter((id) => !inside.has(id));
}

/**
 * What a rollout goes over: the hosts that it chooses, by the one profile of each.
 *
 * @throws StoreError PROFILE_NOT_FOUND
 * @throws PlanningError PROFILE_AMBIGUOUS
 * @throws InvalidInputError FIELD_INVALID where it chooses too much
 */
export async function selectHosts(tx: Transaction, spec: RolloutSpec): Promise<SelectedHosts> {
  const all = await tx.profiles.listAll();
  const chosen = await listChosen(tx, spec);
  refuseTooMany(chosen.length, LIMITS_OF_ROLLOUT.hostsMax, "hosts");
  const byProfile = new Map<ProfileRecord, HostRecord[]>();
  let withoutProfileCount = 0;
  for (const host of chosen) {
    if (matchingProfiles(host.labels, all).length === 0) {
      withoutProfileCount += 1;
      continue;
    }
    const profile = selectProfile(host, all);
    const hosts = byProfile.get(profile);
    if (hosts === undefined) byProfile.set(profile, [host]);
    else hosts.push(host);
  }
  const ordered = [...byProfile].sort(([a], [b]) => (a.id < b.id ? -1 : 1));
  refuseTooMany(ordered.length, LIMITS_OF_ROLLOUT.profilesMax, "profiles");
  const profiles: ProfileHosts[] = [];
  for (const [profile, hosts] of ordered) {
    profiles.push({ profile, hosts, outside: await outsideOf(tx, profile, hosts) });
  }
  return { profiles, withoutProfileCount };
}
