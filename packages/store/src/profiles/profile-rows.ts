import { type HostProfileSpec, type ProfileId, StoreError } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { asc, eq, gt, sql } from "drizzle-orm";
import { checkEtag, etagOf } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { profiles } from "../schema/tables/resources.ts";
import type { ProfileReads, ProfileRecord, ProfileWrites } from "./profile-queries.ts";
import { findVersions, keepVersion } from "./profile-versions.ts";

/** Bound of `listAll`; every host's labels are compared with every selector. */
const PROFILES_MAX = 1000;

type ProfileRow = typeof profiles.$inferSelect;

const toRecord = (row: ProfileRow): ProfileRecord => ({
  id: row.name as ProfileId,
  uid: row.uid,
  etag: etagOf(row.revision),
  generation: row.generation,
  createdAtMs: row.createdAt.getTime(),
  updatedAtMs: row.updatedAt.getTime(),
  spec: row.spec,
});

const notFound = (id: ProfileId): StoreError =>
  new StoreError("PROFILE_NOT_FOUND", `no profile ${id}`, { found: id });

export function createProfileReads(db: Database): ProfileReads {
  const find = async (id: ProfileId) => {
    const [row] = await db.select().from(profiles).where(eq(profiles.name, id));
    return row === undefined ? undefined : toRecord(row);
  };
  return {
    find,
    get: async (id) => {
      const profile = await find(id);
      if (profile === undefined) throw notFound(id);
      return profile;
    },
    list: async ({ size, after }) => {
      const rows = await db
        .select()
        .from(profiles)
        .where(after === undefined ? undefined : gt(profiles.name, after))
        .orderBy(asc(profiles.name))
        .limit(size + 1);
      return pageOf(rows.map(toRecord), { size, keyOf: (profile) => profile.id });
    },
    listAll: async () => {
      const rows = await db.select().from(profiles).orderBy(asc(profiles.name)).limit(PROFILES_MAX);
      return rows.map(toRecord);
    },
    findVersions: (id, generations) => findVersions(db, id, generations),
  };
}

async function lock(
  session: Session,
  { id, etag }: Parameters<ProfileWrites["lock"]>[0],
): Promise<ProfileRecord> {
  const [row] = await session.db.select().from(profiles).where(eq(profiles.name, id)).for("update");
  if (row === undefined) throw notFound(id);
  checkEtag(`profile ${id}`, etag, row.revision);
  return toRecord(row);
}

async function create(
  session: Session,
  draft: { readonly id: ProfileId; readonly spec: HostProfileSpec },
): Promise<ProfileRecord> {
  const [row] = await session.db
    .insert(profiles)
    .values({ name: draft.id, uid: newUuid(session.clock, session.random), spec: draft.spec })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) {
    throw new StoreError("NAME_TAKEN", `profile ${draft.id} exists`, { found: draft.id });
  }
  const record = toRecord(row);
  await keepVersion(session, record);
  note(
    session,
    { kind: "profiles", key: draft.id, operation: "created", record },
    { action: "profile.create" },
  );
  return record;
}

async function update(
  session: Session,
  change: Parameters<ProfileWrites["update"]>[0],
): Promise<ProfileRecord> {
  await lock(session, change);
  const [row] = await session.db
    .update(profiles)
    .set({
      spec: change.spec,
      generation: sql`${profiles.generation} + 1`,
      updatedAt: sql`now()`,
      revision: nextRevision,
    })
    .where(eq(profiles.name, change.id))
    .returning();
  const record = toRecord(row!); // locked above, so it is there
  await keepVersion(session, record);
  note(
    session,
    { kind: "profiles", key: change.id, operation: "updated", record },
    { action: "profile.update", details: { generation: String(record.generation) } },
  );
  return record;
}

async function remove(
  session: Session,
  which: Parameters<ProfileWrites["remove"]>[0],
): Promise<ProfileRecord> {
  const { db } = session;
  await lock(session, which);
  const [user] = await db
    .select({ name: hosts.name })
    .from(hosts)
    .where(eq(hosts.appliedProfile, which.id))
    .limit(1);
  if (user !== undefined) {
    throw new StoreError("RESOURCE_IN_USE", `host ${user.name} is at profile ${which.id}`, {
      found: `hosts/${user.name}`,
      try: "tear the host down, or bring it to another profile, first",
    });
  }
  const [row] = await db.delete(profiles).where(eq(profiles.name, which.id)).returning();
  const record = toRecord(row!); // locked above, so it is there
  note(
    session,
    { kind: "profiles", key: which.id, operation: "deleted", record },
    { action: "profile.delete" },
  );
  return record;
}

export const createProfileWrites = (session: Session): ProfileReads & ProfileWrites => ({
  ...createProfileReads(session.db),
  lock: (which) => lock(session, which),
  create: (draft) => create(session, draft),
  update: (change) => update(session, change),
  remove: (which) => remove(session, which),
});
