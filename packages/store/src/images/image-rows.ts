import { type HostId, type ImageId, type JobId, StoreError } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, asc, eq, getTableColumns, gt, inArray, sql } from "drizzle-orm";
import { checkEtag, etagOf } from "../connection/etag.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { imageCopies, images } from "../schema/tables/resources.ts";
import type {
  ImageCopyRecord,
  ImageCopyState,
  ImageReads,
  ImageRecord,
  ImageWrites,
} from "./image-queries.ts";

const copiesIn = (state: ImageCopyState) =>
  sql<number>`(SELECT count(*)::float8 FROM ${imageCopies} WHERE ${imageCopies.image} = ${images.name} AND ${imageCopies.state} = ${state})`;

/** Columns by hand: drizzle leaves tables out, and both have a name. */
const bootedBy = sql<number>`(SELECT count(*)::float8 FROM vms WHERE vms.image = images.name)`;

const selectImages = (db: Database) =>
  db
    .select({
      ...getTableColumns(images),
      fetching: copiesIn("fetching"),
      cached: copiesIn("cached"),
      failed: copiesIn("failed"),
      vmCount: bootedBy,
    })
    .from(images)
    .$dynamic();

type ImageRow = Awaited<ReturnType<typeof selectImages>>[number];

const toRecord = ({ fetching, cached, failed, vmCount, ...row }: ImageRow): ImageRecord => ({
  id: row.name as ImageId,
  uid: row.uid,
  etag: etagOf(row.revision),
  createdAtMs: row.createdAt.getTime(),
  spec: row.spec,
  copyCounts: { fetching, cached, failed },
  vmCount,
});

const toCopy = (row: typeof imageCopies.$inferSelect): ImageCopyRecord => ({
  host: row.host as HostId,
  state: row.state,
  job: row.job as JobId,
  updatedAtMs: row.updatedAt.getTime(),
  failure: row.failure ?? undefined,
});

const imageNotFound = (id: ImageId): StoreError =>
  new StoreError("IMAGE_NOT_FOUND", `no image ${id}`, { found: id });

async function findImage(db: Database, id: ImageId): Promise<ImageRecord | undefined> {
  const [row] = await selectImages(db).where(eq(images.name, id));
  return row === undefined ? undefined : toRecord(row);
}

export function createImageReads(db: Database): ImageReads {
  return {
    find: (id) => findImage(db, id),
    get: async (id) => {
      const image = await findImage(db, id);
      if (image === undefined) throw imageNotFound(id);
      return image;
    },
    list: async ({ size, after }) => {
      const rows = await selectImages(db)
        .where(after === undefined ? undefined : gt(images.name, after))
        .orderBy(asc(images.name))
        .limit(size + 1);
      return pageOf(rows.map(toRecord), { size, keyOf: (image) => image.id });
    },
    listCopies: async ({ image, size, after }) => {
      const rows = await db
        .select()
        .from(imageCopies)
        .where(
          and(
            eq(imageCopies.image, image),
            after === undefined ? undefined : gt(imageCopies.host, after),
          ),
        )
        .orderBy(asc(imageCopies.host))
        .limit(size + 1);
      return pageOf(rows.map(toCopy), { size, keyOf: (copy) => copy.host });
    },
  };
}

async function create(
  session: Session,
  draft: Parameters<ImageWrites["create"]>[0],
): Promise<ImageRecord> {
  const [row] = await session.db
    .insert(images)
    .values({
      name: draft.id,
      uid: newUuid(session.clock, session.random),
      spec: draft.spec,
    })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) {
    throw new StoreError("NAME_TAKEN", `image ${draft.id} exists`, { found: draft.id });
  }
  const record = toRecord({ ...row, fetching: 0, cached: 0, failed: 0, vmCount: 0 });
  note(
    session,
    { kind: "images", key: draft.id, operation: "created", record },
    { action: "image.create", details: { sha256: draft.spec.sha256 } },
  );
  return record;
}

/** Locks against VMs that are being placed, whose foreign key takes a key-share lock of the row. */
async function lockImage(session: Session, id: ImageId): Promise<ImageRecord | undefined> {
  await session.db
    .select({ name: images.name })
    .from(images)
    .where(eq(images.name, id))
    .for("update");
  return findImage(session.db, id);
}

async function remove(
  session: Session,
  which: Parameters<ImageWrites["remove"]>[0],
): Promise<ImageRecord> {
  const record = await lockImage(session, which.id);
  if (record === undefined) throw imageNotFound(which.id);
  checkEtag(`image ${which.id}`, which.etag, Number(record.etag));
  if (record.vmCount > 0) {
    throw new StoreError("RESOURCE_IN_USE", `VMs boot from image ${which.id}`, {
      found: `${record.vmCount} VMs`,
      try: "delete the VMs first",
    });
  }
  await session.db.delete(images).where(eq(images.name, which.id));
  note(
    session,
    { kind: "images", key: which.id, operation: "deleted", record },
    { action: "image.delete" },
  );
  return record;
}

type CopyChange = Parameters<ImageWrites["setCopy"]>[0];

/**
 * The copy that a job's end settles: the one that it was to bring, or one that was there when it began and that it
 * could not bring again.
 */
const settledBy = ({ image, host, state, job }: CopyChange) =>
  and(
    eq(imageCopies.image, image),
    eq(imageCopies.host, host),
    eq(imageCopies.job, job),
    inArray(imageCopies.state, state === "failed" ? ["fetching", "cached"] : ["fetching"]),
  );

/** Most VMs find their image on the host: nothing is locked for those. */
async function isAtStake(session: Session, change: CopyChange): Promise<boolean> {
  if (change.state === "fetching") return true;
  const rows = await session.db
    .select({ host: imageCopies.host })
    .from(imageCopies)
    .where(settledBy(change));
  return rows.length > 0;
}

/** Whether the copy was changed: another job's end leaves it as it is. */
async function writeCopy(session: Session, change: CopyChange): Promise<boolean> {
  const { image, host, state, job, failure = null } = change;
  const values = { state, job, failure, updatedAt: new Date(session.clock.nowMs()) };
  const rows =
    state === "fetching"
      ? await session.db
          .insert(imageCopies)
          .values({ image, host, ...values })
          .onConflictDoUpdate({ target: [imageCopies.image, imageCopies.host], set: values })
          .returning()
      : await session.db.update(imageCopies).set(values).where(settledBy(change)).returning();
  return rows.length > 0;
}

async function setCopy(session: Session, change: CopyChange): Promise<void> {
  if (!(await isAtStake(session, change))) return;
  if ((await lockImage(session, change.image)) === undefined) return;
  if (!(await writeCopy(session, change))) return;
  const record = await findImage(session.db, change.image);
  if (record === undefined) return;
  note(
    session,
    { kind: "images", key: change.image, operation: "updated", record },
    { action: "image.copy", details: { host: change.host, state: change.state } },
  );
}

const USE_COPIES = {
  name: "image_use_copies",
  text: `UPDATE image_copies c SET job = u.job
    FROM unnest($1::text[], $2::text[], $3::uuid[]) AS u(image, host, job)
    WHERE c.image = u.image AND c.host = u.host AND c.state = 'cached'`,
};

/**
 * Notes jobs that find an image on their host, each host and image once, before whatever is queried next: the end of a
 * job that has to bring it again and can't says so of the copy. The caller has the hosts locked.
 */
export function useCopies(
  session: Session,
  uses: readonly { readonly image: ImageId; readonly host: HostId; readonly job: JobId }[],
): void {
  if (uses.length === 0) return;
  session.client.defer({
    ...USE_COPIES,
    values: [
      uses.map(({ image }) => image),
      uses.map(({ host }) => host),
      uses.map(({ job }) => job),
    ],
  });
}

export const createImageWrites = (session: Session): ImageReads & ImageWrites => ({
  ...createImageReads(session.db),
  create: (draft) => create(session, draft),
  remove: (which) => remove(session, which),
  setCopy: (change) => setCopy(session, change),
});
