import {
  assert,
  type Fleet,
  type FleetFreeze,
  FREEZE_WINDOW_MS,
  type HostId,
  lostTogetherMax,
  StoreError,
} from "@switchyard/model";
import { eq, sql } from "drizzle-orm";
import type { Database, Session } from "../connection/session.ts";
import { fleetFreeze, hosts } from "../schema/tables/hosts.ts";
import type { FreezeReads, FreezeWrites } from "./freeze-queries.ts";
import { readUnsettled, refuseUnsettled } from "./unsettled.ts";

const LOST_HOSTS_SHOWN_MAX = 100;

/** Lost together with those that began a freeze, or within the window where there is none; and not forgiven. */
const isCounted = sql<boolean>`${hosts.state} = 'lost'
  AND ${hosts.stateChangedAt} > coalesce(${fleetFreeze.frozenAt}, now()) - ${FREEZE_WINDOW_MS} * interval '1 ms'
  AND ${hosts.stateChangedAt} > ${fleetFreeze.forgivenUntil}`;

const inState = (state: string) =>
  sql<number>`(count(*) FILTER (WHERE ${hosts.state} = ${state}))::float8`;

async function readCounts(db: Database) {
  const [row] = await db
    .select({
      frozenAt: fleetFreeze.frozenAt,
      cause: fleetFreeze.cause,
      enrolled: inState("enrolled"),
      ready: inState("ready"),
      suspect: inState("suspect"),
      lost: inState("lost"),
      lostTogether: sql<number>`(count(*) FILTER (WHERE ${isCounted}))::float8`,
    })
    .from(fleetFreeze)
    .leftJoin(hosts, sql`true`)
    .groupBy(fleetFreeze.isOnly);
  assert(row !== undefined, "the migration makes the row");
  const { frozenAt, cause, lostTogether, ...counts } = row;
  const { enrolled, ready, suspect, lost } = counts;
  return { frozenAt, cause, lostTogether, counts, hostCount: enrolled + ready + suspect + lost };
}

type Counted = Awaited<ReturnType<typeof readCounts>>;

const toFreeze = ({
  frozenAt,
  cause,
  lostTogether,
  hostCount,
}: Counted): FleetFreeze | undefined =>
  frozenAt === null
    ? undefined
    : {
        cause,
        sinceMs: frozenAt.getTime(),
        lostCount: lostTogether,
        hostCount,
        liftAtCount: lostTogetherMax(hostCount),
      };

async function listLost(db: Database): Promise<readonly HostId[]> {
  const rows = await db
    .select({ name: hosts.name })
    .from(hosts)
    .innerJoin(fleetFreeze, isCounted)
    .orderBy(hosts.name)
    .limit(LOST_HOSTS_SHOWN_MAX);
  return rows.map(({ name }) => name as HostId);
}

async function getFleet(db: Database): Promise<Fleet> {
  const counted = await readCounts(db);
  const freeze = toFreeze(counted);
  const isRestored = freeze?.cause === "restored";
  return {
    counts: counted.counts,
    freeze,
    lostHosts: freeze === undefined ? [] : await listLost(db),
    ...(isRestored ? await readUnsettled(db) : { unreportedHosts: [], strayVms: [] }),
  };
}

export const createFreezeReads = (db: Database): FreezeReads => ({
  find: async () => {
    const [row] = await db.select({ frozenAt: fleetFreeze.frozenAt }).from(fleetFreeze);
    // Asked before each step of every rollout: hosts are counted only where there is something to tell.
    return row?.frozenAt == null ? undefined : toFreeze(await readCounts(db));
  },
  getFleet: () => getFleet(db),
});

async function setFrozen(session: Session, isFrozen: boolean): Promise<boolean> {
  const changed = await session.db
    .update(fleetFreeze)
    .set({ frozenAt: isFrozen ? sql`now()` : null, cause: "hosts-lost" })
    .where(
      isFrozen ? sql`${fleetFreeze.frozenAt} IS NULL` : sql`${fleetFreeze.frozenAt} IS NOT NULL`,
    )
    .returning({ isOnly: fleetFreeze.isOnly });
  return changed.length > 0;
}

const noteFreeze = (session: Session, action: string, details: Readonly<Record<string, string>>) =>
  session.audits.push({ action, resource: "fleet", details });

/**
 * Freezes the fleet where too many hosts were lost together, and lifts the freeze once enough of them are back. That of a
 * restore is an operator's to lift.
 * Of several controllers that see it at once one does.
 */
export async function brake(session: Session): Promise<{
  readonly freeze: FleetFreeze | undefined;
  readonly isChanged: boolean;
}> {
  const counted = await readCounts(session.db);
  const { lostTogether, hostCount, frozenAt, cause } = counted;
  const isOver = lostTogether > lostTogetherMax(hostCount);
  const isRestored = frozenAt !== null && cause === "restored";
  if (isRestored || isOver === (frozenAt !== null))
    return { freeze: toFreeze(counted), isChanged: false };
  const isChanged = await setFrozen(session, isOver);
  if (isChanged) {
    noteFreeze(session, isOver ? "fleet.freeze" : "fleet.unfreeze", {
      lost: String(lostTogether),
      hosts: String(hostCount),
    });
  }
  return { freeze: await createFreezeReads(session.db).find(), isChanged };
}

export const createFreezeWrites = (session: Session): FreezeReads & FreezeWrites => ({
  ...createFreezeReads(session.db),
  lift: async (reason) => {
    await refuseUnsettled(session.db);
    if (!(await setFrozen(session, false))) {
      throw new StoreError("FLEET_NOT_FROZEN", "the fleet is not frozen", {
        found: "nothing that holds rollouts and moves back",
        needs: "a freeze",
      });
    }
    await session.db
      .update(fleetFreeze)
      .set({ forgivenUntil: sql`now()` })
      .where(eq(fleetFreeze.isOnly, true));
    noteFreeze(session, "fleet.unfreeze", { reason });
  },
});
