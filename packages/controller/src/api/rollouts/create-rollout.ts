import {
  type HostProfileSpec,
  type LabelSelector,
  LIMITS_OF_ROLLOUT,
  PlanningError,
  type RolloutId,
  type RolloutSpec,
} from "@switchyard/model";
import { hardwareClass, planWaves } from "@switchyard/planner";
import type { HostRecord, ProfileRecord, RolloutRecord, Transaction } from "@switchyard/store";
import { refuseWhileMeasured } from "../experiments/create-experiment.ts";
import { listAll } from "../list-all.ts";
import { profileName } from "../validation/names.ts";

/** Of a host that has not reported: it is in nobody's class, and so in the canary. */
const UNKNOWN_CLASS = "unknown";

const showLabels = (labels: LabelSelector): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");

/** Labels of both selectors; undefined where they contradict each other. */
function joinSelectors(one: LabelSelector, other: LabelSelector): LabelSelector | undefined {
  const isContradiction = Object.entries(other).some(
    ([key, value]) => one[key] !== undefined && one[key] !== value,
  );
  return isContradiction ? undefined : { ...one, ...other };
}

async function listHosts(
  tx: Transaction,
  profile: ProfileRecord,
  { selector }: RolloutSpec,
): Promise<readonly HostRecord[]> {
  const joined = joinSelectors(profile.spec.selector, selector);
  if (joined === undefined || Object.keys(joined).length === 0) return [];
  return listAll(
    (page) => tx.hosts.list({ ...page, selector: joined }),
    LIMITS_OF_ROLLOUT.hostsMax,
  );
}

function withChange(spec: HostProfileSpec, { change }: RolloutSpec): HostProfileSpec {
  const { hwOffload } = change;
  if (hwOffload === undefined) return spec;
  if (spec.datapath.mode !== "vdpa") {
    throw new PlanningError(
      "LINT_FAILED",
      "hardware offload is Open vSwitch's, which this mode does without",
      {
        found: `mode ${spec.datapath.mode}`,
        needs: "a profile in mode vdpa",
      },
    );
  }
  return { ...spec, datapath: { ...spec.datapath, hwOffload } };
}

/**
 * The version that hosts can be brought back to: the target of the last rollout that succeeded, or what all
 * of them are at now.
 */
async function findProven(
  tx: Transaction,
  profile: ProfileRecord,
  hosts: readonly HostRecord[],
): Promise<HostProfileSpec | undefined> {
  const areAtIt = hosts.every(
    ({ appliedProfile, appliedDesired }) =>
      appliedProfile === profile.id && appliedDesired?.profileGeneration === profile.generation,
  );
  return areAtIt ? profile.spec : tx.rollouts.findProven(profile.id);
}

/**
 * Writes the change into the profile, gives every host its wave, and lets it begin.
 *
 * @throws StoreError PROFILE_NOT_FOUND, EXPERIMENT_NOT_FOUND, NAME_TAKEN, RESOURCE_IN_USE
 * @throws PlanningError ROLLOUT_WITHOUT_HOSTS, LINT_FAILED
 */
export async function createRollout(
  tx: Transaction,
  draft: { readonly id: RolloutId; readonly spec: RolloutSpec },
): Promise<RolloutRecord> {
  const { id, spec } = draft;
  const before = await tx.profiles.get(spec.profile);
  const hosts = await listHosts(tx, before, spec);
  if (hosts.length === 0) {
    throw new PlanningError("ROLLOUT_WITHOUT_HOSTS", `rollout ${id} would touch no host`, {
      subject: profileName.format(before.id),
      found: `profile ${showLabels(before.spec.selector)}; rollout ${showLabels(spec.selector) || "all"}`,
      needs: "hosts that carry the labels of both",
    });
  }
  for (const gate of spec.strategy.gates ?? []) {
    if (gate.kind === "experiment") await tx.experiments.get(gate.baseline);
  }
  const target = withChange(before.spec, spec);
  if (target !== before.spec) await refuseWhileMeasured(tx, before.id);
  const places = planWaves(
    hosts.map(({ id: host, inventory }) => ({
      host,
      hardwareClass: inventory === undefined ? UNKNOWN_CLASS : hardwareClass(inventory),
    })),
    spec.strategy,
  );
  const provenSpec = await findProven(tx, before, hosts);
  const profile =
    target === before.spec
      ? before
      : await tx.profiles.update({ id: before.id, etag: before.etag, spec: target });
  return tx.rollouts.create({
    id,
    spec,
    waveCount: Math.max(...places.map(({ wave }) => wave)),
    targetGeneration: profile.generation,
    targetSpec: target,
    provenSpec,
    places,
  });
}
