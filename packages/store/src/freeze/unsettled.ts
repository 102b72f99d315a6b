import { type Fleet, type HostId, StoreError, type StrayVm } from "@switchyard/model";
import { and, eq, isNotNull, isNull, ne, sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import { fleetFreeze, hosts } from "../schema/tables/hosts.ts";

/** Hosts and VMs that are named; more are the same work. */
const SHOWN_MAX = 100;
/** Named in an error. */
const TOLD_MAX = 5;

/** A restore takes every host's inventory for unknown, until its agent has reported again. */
async function listUnreported(db: Database): Promise<readonly HostId[]> {
  const rows = await db
    .select({ name: hosts.name })
    .from(hosts)
    .where(and(isNull(hosts.inventorySession), ne(hosts.state, "lost")))
    .orderBy(hosts.name)
    .limit(SHOWN_MAX);
  return rows.map(({ name }) => name as HostId);
}

/** VMs in the inventories of hosts that have reported, but for those which are allocated there. */
async function listStrays(db: Database): Promise<readonly StrayVm[]> {
  const { rows } = await db.execute<{ vm: string; host: HostId; recorded: HostId | null }>(sql`
    SELECT seen->>'vm' AS vm, h.name AS host, a.host AS recorded
    FROM hosts h CROSS JOIN LATERAL jsonb_array_elements(h.inventory->'vms') AS seen
    LEFT JOIN allocations a ON a.of_vm = seen->>'vm'
    WHERE h.inventory_session IS NOT NULL AND a.host IS DISTINCT FROM h.name
      AND seen->>'state' IN ('running', 'paused')
    ORDER BY h.name, vm LIMIT ${SHOWN_MAX}`);
  return rows.map(({ vm, host, recorded }) => ({ vm, host, recordedHost: recorded ?? undefined }));
}

/** What stands against going on after a restore. */
export async function readUnsettled(
  db: Database,
): Promise<Pick<Fleet, "unreportedHosts" | "strayVms">> {
  return { unreportedHosts: await listUnreported(db), strayVms: await listStrays(db) };
}

const named = (words: readonly string[]): string =>
  words.length > TOLD_MAX
    ? `${words.slice(0, TOLD_MAX).join(", ")} and ${words.length - TOLD_MAX} more`
    : words.join(", ");

const strayText = ({ vm, host, recordedHost }: StrayVm): string =>
  recordedHost === undefined
    ? `${vm} on ${host}, on no record`
    : `${vm} on ${host}, on record on ${recordedHost}`;

/** @throws StoreError FLEET_UNSETTLED */
export async function refuseUnsettled(db: Database): Promise<void> {
  const isRestored = and(isNotNull(fleetFreeze.frozenAt), eq(fleetFreeze.cause, "restored"));
  const [restored] = await db.select().from(fleetFreeze).where(isRestored);
  if (restored === undefined) return;
  const { unreportedHosts, strayVms } = await readUnsettled(db);
  if (unreportedHosts.length > 0) {
    throw new StoreError("FLEET_UNSETTLED", "not all hosts have reported since the restore", {
      found: `nothing of ${named(unreportedHosts)}`,
      needs:
        "a report of each host that is not lost; one enrolled since the copy was made enrols again",
      try: "swy fleet get",
    });
  }
  if (strayVms.length === 0) return;
  throw new StoreError("FLEET_UNSETTLED", "VMs run where the database does not have them", {
    found: named(strayVms.map(strayText)),
    needs:
      "an end of each on that host, or a newer copy: started where it is on record, it would run twice",
    try: `swy doctor ${strayVms[0]?.host} --only LEAK-PROCESS`,
  });
}
