import type { Rollout, RolloutProfile } from "@switchyard/client";
import { shortName } from "../output/values.ts";

/** Profiles named in a line of a list; the others are counted. */
const NAMES_IN_CELL_MAX = 2;

export function profilesCell({ profiles }: Rollout): string {
  const names = profiles.map(({ profile }) => shortName(profile));
  const more = names.length - NAMES_IN_CELL_MAX;
  const first = names.slice(0, NAMES_IN_CELL_MAX).join(", ");
  return more > 0 ? `${first} +${more}` : first;
}

/** What was asked for. */
export function scopeText({ spec }: Rollout): string {
  if (spec?.allHosts === true) return "every host that has a profile";
  const labels = Object.entries(spec?.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const profiles = (spec?.profiles ?? []).map(shortName);
  const whose = profiles.length === 0 ? "hosts" : `hosts of ${profiles.join(", ")}`;
  return labels.length === 0 ? whose : `${whose} with ${labels.join(", ")}`;
}

function versionsText(profile: RolloutProfile): string {
  const { beforeGeneration, targetGeneration, provenGeneration, backGeneration } = profile;
  const to =
    targetGeneration === beforeGeneration
      ? `generation ${targetGeneration} as it is`
      : `generation ${beforeGeneration} to ${targetGeneration}`;
  if (backGeneration !== 0n) {
    return `${to}, put back to what ${provenGeneration} was, as generation ${backGeneration}`;
  }
  return provenGeneration === 0n
    ? `${to}, none proven before`
    : `${to}, proven ${provenGeneration}`;
}

function profileText(profile: RolloutProfile): string {
  const { waveHostCounts, changes } = profile;
  const hosts = waveHostCounts.reduce((sum, count) => sum + count, 0);
  const waves = waveHostCounts.join(" + ");
  const changed = changes.map(({ field, before, after }) => `${field} ${before} to ${after}`);
  const what = changed.length === 0 ? "" : `: ${changed.join(", ")}`;
  return `${shortName(profile.profile)}, ${versionsText(profile)}${what}; ${hosts} hosts by wave: ${waves}`;
}

/** Every profile with its versions, what was changed in it, and its hosts by wave. */
export const profileFields = ({ profiles }: Rollout): readonly [string, string][] =>
  profiles.map((profile) => ["profile", profileText(profile)]);

function outsideText({ profile, outsideHostCount, outsideHosts, changes }: RolloutProfile): string {
  const more = outsideHostCount - outsideHosts.length;
  const names = `${outsideHosts.map(shortName).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const until =
    changes.length === 0
      ? "they stay as they are"
      : "they stay as they are until a plan or a rollout of their own brings the new version to them";
  return `${outsideHostCount} hosts of ${shortName(profile)}: ${names}; ${until}`;
}

/** Hosts that the rollout leaves alone although somebody may think otherwise. */
export function scopeNotes({ profiles, hostsWithoutProfile }: Rollout): readonly string[] {
  const outside = profiles.filter(({ outsideHostCount }) => outsideHostCount > 0).map(outsideText);
  if (hostsWithoutProfile === 0) return outside;
  return [
    ...outside,
    `${hostsWithoutProfile} hosts with the labels have no profile: nothing is done to them`,
  ];
}
