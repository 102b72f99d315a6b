import { type ProfileId, type RolloutId, StoreError } from "@switchyard/model";
import { and, desc, eq } from "drizzle-orm";
import type { Database, Session } from "../connection/session.ts";
import { rolloutProfiles, rollouts } from "../schema/tables/rollouts.ts";
import type { RolloutDraft } from "./rollout-queries.ts";
import { createRolloutReads } from "./rollout-rows.ts";

async function inUse({ db }: Session, profile: ProfileId): Promise<StoreError> {
  const live = (await createRolloutReads(db).findLive(profile)) ?? "";
  return new StoreError("RESOURCE_IN_USE", `profile ${profile} is being rolled out`, {
    found: `rollouts/${live}`,
    needs: "no rollout of the profile that has not ended",
    try: `swy rollout get ${live}`,
  });
}

/** Takes all profiles of the rollout, in one order, or none. @throws StoreError RESOURCE_IN_USE */
export async function insertProfiles(session: Session, draft: RolloutDraft): Promise<void> {
  const ordered = [...draft.profiles].sort((a, b) => (a.profile < b.profile ? -1 : 1));
  for (const { provenGeneration, ...profile } of ordered) {
    const [taken] = await session.db
      .insert(rolloutProfiles)
      .values({ ...profile, rollout: draft.id, provenGeneration: provenGeneration ?? null })
      .onConflictDoNothing()
      .returning({ profile: rolloutProfiles.profile });
    if (taken === undefined) throw await inUse(session, profile.profile);
  }
}

/** Other rollouts may have them. */
export async function releaseProfiles({ db }: Session, id: RolloutId): Promise<void> {
  await db.update(rolloutProfiles).set({ isLive: false }).where(eq(rolloutProfiles.rollout, id));
}

export async function findProven(db: Database, profile: ProfileId): Promise<number | undefined> {
  const [row] = await db
    .select({ generation: rolloutProfiles.targetGeneration })
    .from(rolloutProfiles)
    .innerJoin(rollouts, eq(rollouts.name, rolloutProfiles.rollout))
    .where(and(eq(rolloutProfiles.profile, profile), eq(rollouts.state, "succeeded")))
    .orderBy(desc(rollouts.endedAt))
    .limit(1);
  return row?.generation;
}

export async function setBack(
  { db }: Session,
  id: RolloutId,
  { profile, generation }: { readonly profile: ProfileId; readonly generation: number },
): Promise<void> {
  await db
    .update(rolloutProfiles)
    .set({ backGeneration: generation })
    .where(and(eq(rolloutProfiles.rollout, id), eq(rolloutProfiles.profile, profile)));
}
