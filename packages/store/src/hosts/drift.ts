import { canonicalJson, type Drift, type HostId } from "@switchyard/model";
import { eq } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
import type { HostWrites } from "./host-queries.ts";
import { hostNotFound } from "./host-reads.ts";
import type { HostRecord } from "./host-record.ts";
import { findHost, noteHost } from "./host-rows.ts";
import { lockHost } from "./lock-host.ts";

/** What is still as it was keeps the time at which it began. */
function carryTimes(before: readonly Drift[], now: readonly Drift[]): readonly Drift[] {
  const known = new Map(before.map((entry) => [keyOf(entry), entry.sinceMs]));
  return now.map((entry) => ({ ...entry, sinceMs: known.get(keyOf(entry)) ?? entry.sinceMs }));
}

const keyOf = ({ field, observed, desired }: Drift): string =>
  canonicalJson([field, observed, desired]);

export async function setDrift(
  session: Session,
  id: HostId,
  { drift, bootId }: Parameters<HostWrites["setDrift"]>[1],
): Promise<HostRecord> {
  await lockHost(session, id);
  const host = await findHost(session.db, id);
  if (host === undefined) throw hostNotFound(id);
  const next = carryTimes(host.drift, drift);
  const bootInForce = next.length === 0 ? bootId : host.bootInForce;
  const isSame = canonicalJson(next) === canonicalJson(host.drift);
  if (isSame && bootInForce === host.bootInForce) return host;
  await session.db
    .update(hosts)
    .set({ drift: next, bootInForce: bootInForce ?? null, revision: nextRevision })
    .where(eq(hosts.name, id));
  if (isSame) return { ...host, bootInForce };
  return noteHost(session, id, {
    action: next.length === 0 ? "host.drift-gone" : "host.drift",
    details: { fields: next.map(({ field }) => field).join(", ") },
  });
}

const CLAIM_DRIFTED = {
  name: "claim_drifted_hosts",
  text: `UPDATE hosts SET drift_mend_tried_at = now() WHERE name IN (
      SELECT name FROM hosts h
      WHERE drift <> '[]' AND state = 'ready' AND experiment IS NULL
        AND (applied_desired ->> 'driftPolicy' = 'enforce' OR boot_in_force <> inventory ->> 'bootId')
        AND coalesce(drift_mend_tried_at, '-infinity') < now() - $1 * interval '1 ms'
        AND NOT EXISTS (SELECT FROM jobs WHERE exclusive_host = h.name)
      ORDER BY name LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING name`,
};

export async function claimDriftedHosts(
  session: Session,
  claim: Parameters<HostWrites["claimDriftedHosts"]>[0],
): Promise<readonly HostId[]> {
  const { rows } = await session.client.query<{ name: HostId }>({
    ...CLAIM_DRIFTED,
    values: [claim.intervalMs, claim.max],
  });
  return rows.map(({ name }) => name);
}
