import type { HostProfileSpec, ProfileId } from "@switchyard/model";
import { and, eq, inArray, lte } from "drizzle-orm";
import type { Database, Session } from "../connection/session.ts";
import { profileVersions } from "../schema/tables/resources.ts";
import type { ProfileRecord } from "./profile-queries.ts";

/** Versions kept of each profile: hosts that are further behind can't be brought back to theirs. */
const VERSIONS_MAX = 100;

/** Keeps what the profile is now under its generation, and forgets the oldest. */
export async function keepVersion(
  { db }: Session,
  { id, generation, spec }: ProfileRecord,
): Promise<void> {
  await db.insert(profileVersions).values({ profile: id, generation, spec });
  await db
    .delete(profileVersions)
    .where(
      and(
        eq(profileVersions.profile, id),
        lte(profileVersions.generation, generation - VERSIONS_MAX),
      ),
    );
}

export async function findVersions(
  db: Database,
  id: ProfileId,
  generations: readonly number[],
): Promise<ReadonlyMap<number, HostProfileSpec>> {
  if (generations.length === 0) return new Map();
  const rows = await db
    .select({ generation: profileVersions.generation, spec: profileVersions.spec })
    .from(profileVersions)
    .where(
      and(eq(profileVersions.profile, id), inArray(profileVersions.generation, [...generations])),
    );
  return new Map(rows.map(({ generation, spec }) => [generation, spec]));
}
