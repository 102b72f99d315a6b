import { type HostId, type LabelSelector, StoreError } from "@switchyard/model";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import { readFleetHosts } from "../fleet/read-fleet-hosts.ts";
import { pageOf } from "../page.ts";
import { hosts } from "../schema/tables/hosts.ts";
import type { HostReads } from "./host-queries.ts";
import { findHost, findHosts, selectHosts, selectSlots, toHostRecord } from "./host-rows.ts";

/** Bound of one answer with all hosts; fleets beyond it need placement in pages. */
const HOSTS_MAX = 10_000;

export const hostNotFound = (id: HostId): StoreError =>
  new StoreError("HOST_NOT_FOUND", `no host ${id}`, { found: id });

const carries = (selector: LabelSelector) =>
  sql`${hosts.labels} @> ${JSON.stringify(selector)}::jsonb`;

export function createHostReads(db: Database): HostReads {
  const find = (id: HostId) => findHost(db, id);
  return {
    find,
    get: async (id) => {
      const host = await find(id);
      if (host === undefined) throw hostNotFound(id);
      return host;
    },
    findObservedAtMs: async (id) => {
      const [row] = await db
        .select({ atMs: hosts.inventoryObservedAtMs })
        .from(hosts)
        .where(eq(hosts.name, id));
      if (row === undefined) throw hostNotFound(id);
      return row.atMs ?? undefined;
    },
    listObservedAtMs: async (ids) => {
      const rows = await db
        .select({ name: hosts.name, atMs: hosts.inventoryObservedAtMs })
        .from(hosts)
        .where(inArray(hosts.name, [...ids]));
      return new Map(
        rows.flatMap(({ name, atMs }) => (atMs === null ? [] : [[name as HostId, atMs] as const])),
      );
    },
    listDigests: async () => {
      const { name, state, inventoryDigest } = hosts;
      const rows = await db
        .select({ name, state, inventoryDigest })
        .from(hosts)
        .orderBy(asc(hosts.name))
        .limit(HOSTS_MAX);
      return rows.map((row) => ({
        id: row.name as HostId,
        state: row.state,
        inventoryDigest: row.inventoryDigest ?? undefined,
      }));
    },
    listNamed: (ids) => findHosts(db, ids),
    list: async ({ size, after, selector }) => {
      const rows = await selectHosts(db)
        .where(
          and(
            after === undefined ? undefined : gt(hosts.name, after),
            selector === undefined ? undefined : carries(selector),
          ),
        )
        .orderBy(asc(hosts.name))
        .limit(size + 1);
      return pageOf(rows.map(toHostRecord), { size, keyOf: (host) => host.id });
    },
    listMatching: async (selector) => {
      if (Object.keys(selector).length === 0) return [];
      const rows = await db
        .select({ name: hosts.name })
        .from(hosts)
        .where(carries(selector))
        .orderBy(asc(hosts.name))
        .limit(HOSTS_MAX);
      return rows.map((row) => row.name as HostId);
    },
    listCredentials: async () => {
      const { name, nkeyPublic, hostEpoch, shard } = hosts;
      const rows = await db
        .select({ name, nkeyPublic, hostEpoch, shard })
        .from(hosts)
        .orderBy(asc(hosts.name))
        .limit(HOSTS_MAX);
      return rows.map((row) => ({
        id: row.name as HostId,
        nkeyPublic: row.nkeyPublic,
        hostEpoch: row.hostEpoch,
        shard: row.shard,
      }));
    },
    listSlots: (id) => selectSlots(db, id),
    listCandidates: async () =>
      readFleetHosts(db.$client, await selectHosts(db).orderBy(asc(hosts.name)).limit(HOSTS_MAX)),
  };
}
