import { type HostId, matchesSelector, PlanningError } from "@switchyard/model";
import type { HostRecord, ProfileRecord } from "@switchyard/store";

const showLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ") || "none";

/**
 * The one profile whose selector matches the host.
 *
 * @throws PlanningError HOST_HAS_NO_PROFILE, PROFILE_AMBIGUOUS
 */
export function selectProfile(
  host: Pick<HostRecord, "id" | "labels">,
  profiles: readonly ProfileRecord[],
): ProfileRecord {
  const matching = matchingProfiles(host.labels, profiles);
  const [profile, ...others] = matching;
  if (profile === undefined) throw noProfile(host.id, host.labels);
  if (others.length > 0) {
    throw new PlanningError("PROFILE_AMBIGUOUS", `several profiles match host ${host.id}`, {
      subject: `hosts/${host.id}`,
      found: matching.map(({ id }) => id).join(", "),
      needs: "one profile whose selector matches",
    });
  }
  return profile;
}

export const matchingProfiles = (
  labels: HostRecord["labels"],
  profiles: readonly ProfileRecord[],
): readonly ProfileRecord[] =>
  profiles.filter(({ spec }) => matchesSelector(spec.selector, labels));

function noProfile(host: HostId, labels: HostRecord["labels"]): PlanningError {
  return new PlanningError("HOST_HAS_NO_PROFILE", `no profile matches host ${host}`, {
    subject: `hosts/${host}`,
    found: `labels ${showLabels(labels)}`,
    needs: "a profile whose selector is among them",
  });
}
