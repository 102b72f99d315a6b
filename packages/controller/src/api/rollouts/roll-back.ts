import { isExperimentEnd, type RolloutId, StoreError } from "@switchyard/model";
import type {
  RolloutHostChange,
  RolloutProfileRecord,
  RolloutRecord,
  Transaction,
} from "@switchyard/store";
import { cancelExperiment } from "../experiments/cancel-experiment.ts";
import { profileName, rolloutName } from "../validation/names.ts";
import { isSameVersion } from "./profile-change.ts";

/** Jobs that no agent has yet are withdrawn, and their hosts wait as before; the others go on to their end. */
export async function withdrawJobs(tx: Transaction, id: RolloutId): Promise<void> {
  const withdrawn: RolloutHostChange[] = [];
  for (const { host, state, job, jobState } of await tx.rollouts.listStatus(id)) {
    if (job === undefined || jobState !== "pending") continue;
    const isUnsent = (await tx.jobs.requestCancel(job)).state === "cancelled";
    if (isUnsent && state === "running") withdrawn.push({ host, state: "waiting" });
  }
  await tx.rollouts.setHosts(id, withdrawn);
}

/** Experiments that measure for a gate of the rollout have hosts that it needs, and nobody waits for what they find. */
export async function endGateExperiments(
  tx: Transaction,
  { id, gates }: RolloutRecord,
  nowMs: number,
): Promise<void> {
  for (const { verdict, experiment } of gates) {
    if (verdict !== "pending" || experiment === undefined) continue;
    const state = (await tx.experiments.find(experiment))?.state ?? "cancelled";
    if (isExperimentEnd(state) || state === "restoring") continue;
    const reason = `rollout ${id} no longer waits for it`;
    const which = { id: experiment, reason, abandonsHosts: false };
    await cancelExperiment({ nowMs: () => nowMs }, tx, which);
  }
}

const unproven = ({ profiles }: RolloutRecord): readonly RolloutProfileRecord[] =>
  profiles.filter(({ provenGeneration }) => provenGeneration === undefined);

/** Whether every profile has a version that its hosts can be brought back to. */
export const canRollBack = (rollout: RolloutRecord): boolean => unproven(rollout).length === 0;

/** Whether those versions are still kept, too: the newest hundred of a profile are. */
export async function canBePutBack(
  tx: { readonly profiles: Pick<Transaction["profiles"], "findVersions"> },
  rollout: Pick<RolloutRecord, "profiles">,
): Promise<boolean> {
  for (const { profile, provenGeneration } of rollout.profiles) {
    if (provenGeneration === undefined) return false;
    const kept = await tx.profiles.findVersions(profile, [provenGeneration]);
    if (!kept.has(provenGeneration)) return false;
  }
  return true;
}

function refuseUnproven(rollout: RolloutRecord): void {
  const lacking = unproven(rollout);
  if (lacking.length === 0) return;
  const { id } = rollout;
  throw new StoreError("ROLLOUT_STATE_WRONG", `rollout ${id} has no version to go back to`, {
    subject: rolloutName.format(id),
    found: `no version that was proven before of ${lacking.map(({ profile }) => profile).join(", ")}`,
    needs: "hosts that were all at the profile, or a rollout before that succeeded",
  });
}

/** Who matches a profile stays as it is: labels are none of the things that a rollout brings to hosts. */
async function putBack(
  tx: Transaction,
  id: RolloutId,
  { profile, provenGeneration = 0 }: RolloutProfileRecord,
): Promise<void> {
  const now = await tx.profiles.lock({ id: profile, etag: "" });
  const proven = (await tx.profiles.findVersions(profile, [provenGeneration])).get(
    provenGeneration,
  );
  if (proven === undefined) {
    throw new StoreError("ROLLOUT_STATE_WRONG", `profile ${profile} can't be put back`, {
      subject: profileName.format(profile),
      found: `generation ${provenGeneration} is kept no longer`,
      needs: `swy rollout abort ${id}, and the profile as it was`,
    });
  }
  const { generation } = isSameVersion(proven, now.spec)
    ? now
    : await tx.profiles.update({
        ...{ id: profile, etag: now.etag },
        spec: { ...proven, selector: now.spec.selector },
      });
  await tx.rollouts.setBack(id, { profile, generation });
}

/**
 * Puts the proven version back into every profile, or none; hosts follow within the same bounds as before.
 *
 * @throws StoreError ROLLOUT_STATE_WRONG
 */
export async function beginRollBack(
  tx: Transaction,
  rollout: RolloutRecord,
  { reason, nowMs }: { readonly reason: string; readonly nowMs: number },
): Promise<RolloutRecord> {
  refuseUnproven(rollout);
  const { id, profiles } = rollout;
  await withdrawJobs(tx, id);
  await endGateExperiments(tx, rollout, nowMs);
  for (const profile of profiles) await putBack(tx, id, profile);
  return tx.rollouts.setState({ id, state: "rolling-back", reason });
}
