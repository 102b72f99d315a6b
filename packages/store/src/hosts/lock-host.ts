import type { HostId } from "@switchyard/model";
import { asc, eq, inArray } from "drizzle-orm";
import { done, type Outcome, refused } from "../connection/outcome.ts";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { hostNotFound } from "./host-reads.ts";
import type { HostRecord } from "./host-record.ts";
import { findHosts } from "./host-rows.ts";

/**
 * Keeps others from taking anything of the host until the transaction ends.
 *
 * @throws StoreError HOST_NOT_FOUND
 */
export async function lockHost(
  session: Session,
  id: HostId,
): Promise<{ readonly revision: number }> {
  const [row] = await session.db
    .select({ revision: hosts.revision })
    .from(hosts)
    .where(eq(hosts.name, id))
    .for("no key update");
  if (row === undefined) throw hostNotFound(id);
  return row;
}

/**
 * The same for several hosts, in the order of their names, so that two transactions can't wait for each other.
 *
 * @throws StoreError HOST_NOT_FOUND
 */
export async function lockHosts(session: Session, ids: readonly HostId[]): Promise<void> {
  const wanted = [...new Set(ids)].sort();
  if (wanted.length === 0) return;
  const rows = await session.db
    .select({ name: hosts.name })
    .from(hosts)
    .where(inArray(hosts.name, wanted))
    .orderBy(asc(hosts.name))
    .for("no key update");
  const found = new Set(rows.map(({ name }) => name));
  const missing = wanted.find((id) => !found.has(id));
  if (missing !== undefined) throw hostNotFound(missing);
}

/** Locks different hosts, then reads them; in the order asked for. @throws StoreError HOST_NOT_FOUND */
export async function lockAndRead(
  session: Session,
  ids: readonly HostId[],
): Promise<readonly Outcome<HostRecord>[]> {
  await lockHosts(session, ids);
  const found = new Map((await findHosts(session.db, ids)).map((host) => [host.id, host]));
  return ids.map((id) => {
    const host = found.get(id);
    return host === undefined ? refused(hostNotFound(id)) : done(host);
  });
}
