import {
  assert,
  type HostId,
  isMoveEnd,
  type JobId,
  type MoveId,
  StoreError,
  type VmId,
} from "@switchyard/model";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import type { Database, Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { moves, vms } from "../schema/tables/vms.ts";
import { vmNotFound } from "../vms/vm-rows.ts";
import { dropHold, holdTarget, switchHost } from "./holds.ts";
import type { MoveChange, MoveDraft, MoveReads, MoveRecord, MoveWrites } from "./move-queries.ts";

type MoveRow = typeof moves.$inferSelect;

const toRecord = (row: MoveRow): MoveRecord => ({
  id: row.id as MoveId,
  etag: etagOf(row.revision),
  vm: row.vm as VmId,
  cause: row.cause,
  sourceHost: row.sourceHost as HostId,
  wantedHost: (row.wantedHost as HostId | null) ?? undefined,
  targetHost: (row.targetHost as HostId | null) ?? undefined,
  phase: row.phase,
  batch: row.batch,
  atOnce: row.atOnce,
  wasRunning: row.wasRunning,
  hasNewDisk: row.hasNewDisk,
  source: row.source,
  target: row.target ?? undefined,
  disk: row.disk ?? undefined,
  mode: row.mode,
  isLive: row.isLive,
  migration: row.migration ?? undefined,
  job: (row.job as JobId | null) ?? undefined,
  tries: row.tries,
  failure: row.failure ?? undefined,
  actor: row.actor,
  traceparent: row.traceparent,
  createdAtMs: row.createdAt.getTime(),
  endedAtMs: row.endedAt?.getTime(),
});

export function createMoveReads(db: Database): MoveReads {
  const find = async (id: MoveId) => {
    const [row] = await db.select().from(moves).where(eq(moves.id, id));
    return row === undefined ? undefined : toRecord(row);
  };
  return {
    get: async (id) => {
      const move = await find(id);
      if (move === undefined) {
        throw new StoreError("MOVE_NOT_FOUND", `no move ${id}`, { found: id });
      }
      return move;
    },
    findLive: async (vm) => {
      const isLive = and(eq(moves.vm, vm), isNull(moves.endedAt));
      const [row] = await db.select().from(moves).where(isLive);
      return row === undefined ? undefined : toRecord(row);
    },
    list: async ({ size, after, host, vm, liveOnly }) => {
      const rows = await db
        .select()
        .from(moves)
        .where(
          and(
            after === undefined ? undefined : lt(moves.id, after),
            host === undefined
              ? undefined
              : or(eq(moves.sourceHost, host), eq(moves.targetHost, host)),
            vm === undefined ? undefined : eq(moves.vm, vm),
            liveOnly === true ? isNull(moves.endedAt) : undefined,
          ),
        )
        .orderBy(desc(moves.id))
        .limit(size + 1);
      return pageOf(rows.map(toRecord), { size, keyOf: (move) => move.id });
    },
  };
}

function audit(session: Session, move: MoveRecord, action: string): void {
  session.audits.push({
    action,
    resource: `vms/${move.vm}`,
    details: {
      move: move.id,
      phase: move.phase,
      from: move.sourceHost,
      to: move.targetHost ?? "",
      ...(move.failure !== undefined && { failure: move.failure.reason }),
    },
  });
}

async function create(session: Session, draft: MoveDraft): Promise<MoveRecord> {
  const { source, wantedHost, ...rest } = draft;
  const [row] = await session.db
    .insert(moves)
    .values({
      ...rest,
      vm: source.vm,
      sourceHost: source.allocation.host,
      wantedHost: wantedHost ?? null,
      source,
      actor: session.actor,
      traceparent: session.traceparent(),
    })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) {
    throw new StoreError("VM_MOVING", `a move of VM ${source.vm} has not ended`, {
      subject: `vms/${source.vm}`,
      found: "a move that is under way",
      try: `swy move list --vm ${source.vm}`,
    });
  }
  const record = toRecord(row);
  audit(session, record, "move.create");
  return record;
}

const CLAIM_DUE = {
  name: "claim_due_moves",
  text: `UPDATE moves SET next_try_at = now() + $1 * interval '1 ms' WHERE id IN (
      SELECT id FROM moves m WHERE ended_at IS NULL AND next_try_at <= now()
      ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id`,
};

async function claimDue(
  session: Session,
  { max, intervalMs }: Parameters<MoveWrites["claimDue"]>[0],
): Promise<readonly MoveId[]> {
  const { rows } = await session.client.query<{ id: MoveId }>({
    ...CLAIM_DUE,
    values: [intervalMs, max],
  });
  return rows.map(({ id }) => id);
}

/** A VM that runs already, wherever, keeps nobody waiting. */
const UNDER_WAY = sql`phase IN ('sealing', 'receiving', 'preparing', 'migrating', 'starting', 'reverting',
  'returning')`;

async function lock(session: Session, id: MoveId): Promise<MoveRecord | undefined> {
  const { db } = session;
  const [known] = await db.select({ batch: moves.batch }).from(moves).where(eq(moves.id, id));
  if (known === undefined) return undefined;
  const others = await db
    .select()
    .from(moves)
    .where(and(eq(moves.batch, known.batch), isNull(moves.endedAt)))
    .orderBy(moves.id)
    .for("update");
  const row = others.find((each) => each.id === id);
  if (row === undefined) return undefined;
  if (row.phase !== "queued") return toRecord(row);
  const [{ count } = { count: 0 }] = await db
    .select({ count: sql<number>`count(*)::float8` })
    .from(moves)
    .where(and(eq(moves.batch, row.batch), UNDER_WAY));
  return count < row.atOnce ? toRecord(row) : undefined;
}

async function advance(session: Session, change: MoveChange): Promise<MoveRecord> {
  const { id, phase, job, tries = 0, pauseMs = 0, target, disk, failure, wasRunning } = change;
  const [row] = await session.db
    .update(moves)
    .set({
      phase,
      tries,
      nextTryAt: sql`now() + ${pauseMs} * interval '1 ms'`,
      revision: nextRevision,
      job: job ?? null,
      ...(wasRunning !== undefined && { wasRunning }),
      ...(change.source !== undefined && { source: change.source }),
      ...(target !== undefined && { target, targetHost: target.allocation.host }),
      ...(disk !== undefined && { disk }),
      ...(change.isLive !== undefined && { isLive: change.isLive }),
      ...(change.migration !== undefined && { migration: change.migration }),
      ...(failure !== undefined && { failure }),
      ...(isMoveEnd(phase) && { endedAt: sql`now()` }),
    })
    .where(eq(moves.id, id))
    .returning();
  assert(row !== undefined, `move ${id} was locked, so it is there`);
  const record = toRecord(row);
  audit(session, record, "move.advance");
  return record;
}

async function raiseGeneration(session: Session, vm: VmId): Promise<number> {
  const [row] = await session.db
    .update(vms)
    .set({ generation: sql`nextval('revisions')`, revision: nextRevision })
    .where(eq(vms.name, vm))
    .returning({ generation: vms.generation });
  if (row === undefined) throw vmNotFound(vm);
  return row.generation;
}

export const createMoveWrites = (session: Session): MoveReads & MoveWrites => ({
  ...createMoveReads(session.db),
  create: (draft) => create(session, draft),
  claimDue: (claim) => claimDue(session, claim),
  lock: (id) => lock(session, id),
  advance: (change) => advance(session, change),
  holdTarget: (placement) => holdTarget(session, placement),
  switchHost: (change) => switchHost(session, change),
  dropHold: (id) => dropHold(session, id),
  raiseGeneration: (vm) => raiseGeneration(session, vm),
  setHome: async (vm, home) => {
    await session.db
      .update(vms)
      .set({ homeHost: home ?? null })
      .where(eq(vms.name, vm));
  },
});
