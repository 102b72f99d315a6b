import {
  type LabelSelector,
  PlanningError,
  type RolloutId,
  type RolloutPlace,
  type RolloutSpec,
} from "@switchyard/model";
import { hardwareClass, planWaves } from "@switchyard/planner";
import type { RolloutDraft, RolloutRecord, Transaction } from "@switchyard/store";
import { refuseWhileMeasured } from "../experiments/create-experiment.ts";
import { rolloutName } from "../validation/names.ts";
import { changeProfile, findProven } from "./profile-change.ts";
import { type ProfileHosts, type SelectedHosts, selectHosts } from "./select-hosts.ts";

/** Of a host that has not reported: it is in nobody's class, and so in the canary. */
const UNKNOWN_CLASS = "unknown";

/** Names that are kept of the hosts which a selector leaves out; their count says how many there are. */
const OUTSIDE_NAMES_MAX = 20;

const showLabels = (labels: LabelSelector): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");

/** A profile that is named has hosts, or its name is a mistake. */
function refuseEmpty(id: RolloutId, spec: RolloutSpec, selected: SelectedHosts): void {
  const { profiles, selector } = spec;
  const chosen = new Set(selected.profiles.map(({ profile }) => profile.id));
  const lacking = profiles.filter((profile) => !chosen.has(profile));
  if (chosen.size > 0 && lacking.length === 0) return;
  const without = selected.withoutProfileCount;
  const whose = lacking.length === 0 ? "host" : `host of ${lacking.join(", ")}`;
  throw new PlanningError("ROLLOUT_WITHOUT_HOSTS", `rollout ${id} would touch no ${whose}`, {
    subject: rolloutName.format(id),
    found:
      without > 0
        ? `${without} hosts, none with a profile`
        : `profiles ${profiles.join(", ") || "all"}; selector ${showLabels(selector) || "none"}`,
    needs: "hosts that carry the labels of the selector and of a profile",
  });
}

const planPlaces = ({ profiles }: SelectedHosts, { strategy }: RolloutSpec) =>
  planWaves(
    profiles.flatMap(({ profile, hosts }) =>
      hosts.map(({ id, inventory }) => ({
        host: id,
        profile: profile.id,
        hardwareClass: inventory === undefined ? UNKNOWN_CLASS : hardwareClass(inventory),
      })),
    ),
    strategy,
  );

/** Hosts of each wave, from the first to the last that has any. */
function countByWave(places: readonly RolloutPlace[]): readonly number[] {
  const counts = Array.from({ length: Math.max(...places.map(({ wave }) => wave)) }, () => 0);
  for (const { wave } of places) counts[wave - 1] = (counts[wave - 1] ?? 0) + 1;
  return counts;
}

/** Writes the change into one profile, where it differs, and holds it until the transaction ends. */
async function aim(
  tx: Transaction,
  { profile, hosts, outside }: ProfileHosts,
  by: { readonly spec: RolloutSpec; readonly places: readonly RolloutPlace[] },
): Promise<RolloutDraft["profiles"][number]> {
  const { id } = profile;
  const { etag } = await tx.profiles.lock(profile);
  const { spec, changes } = changeProfile(profile, by.spec.change);
  const provenGeneration = await findProven(tx, profile, { hosts, target: spec });
  if (changes.length > 0) await refuseWhileMeasured(tx, id);
  const { generation } =
    changes.length === 0 ? profile : await tx.profiles.update({ id, etag, spec });
  return {
    profile: id,
    beforeGeneration: profile.generation,
    targetGeneration: generation,
    provenGeneration,
    changes,
    waveHostCounts: countByWave(by.places.filter((place) => place.profile === id)),
    outsideHostCount: outside.length,
    outsideHosts: outside.slice(0, OUTSIDE_NAMES_MAX),
  };
}

/**
 * Writes the change into every profile that differs, gives every host its wave, and lets it begin; or none of that.
 *
 * @throws StoreError PROFILE_NOT_FOUND, EXPERIMENT_NOT_FOUND, NAME_TAKEN, RESOURCE_IN_USE, ETAG_STALE
 * @throws PlanningError ROLLOUT_WITHOUT_HOSTS, PROFILE_AMBIGUOUS, LINT_FAILED
 * @throws InvalidInputError FIELD_INVALID where it chooses too much
 */
export async function createRollout(
  tx: Transaction,
  draft: { readonly id: RolloutId; readonly spec: RolloutSpec },
): Promise<RolloutRecord> {
  const { id, spec } = draft;
  const selected = await selectHosts(tx, spec);
  refuseEmpty(id, spec, selected);
  for (const gate of spec.strategy.gates ?? []) {
    if (gate.kind === "experiment") await tx.experiments.get(gate.baseline);
  }
  const places = planPlaces(selected, spec);
  const profiles: RolloutDraft["profiles"][number][] = [];
  for (const each of selected.profiles) profiles.push(await aim(tx, each, { spec, places }));
  return tx.rollouts.create({
    ...{ id, spec, places, profiles },
    waveCount: Math.max(...places.map(({ wave }) => wave)),
    hostsWithoutProfile: selected.withoutProfileCount,
  });
}
