import type { HostId } from "@switchyard/model";
import { asc, gt, inArray, type SQL } from "drizzle-orm";
import type pg from "pg";
import type { Log } from "../changes/change.ts";
import { createLog } from "../changes/log.ts";
import type { Guard } from "../connection/guard.ts";
import { databaseOn } from "../connection/session.ts";
import { selectHosts } from "../hosts/host-rows.ts";
import { hosts } from "../schema/tables/hosts.ts";
import type { FleetChange, FleetHost, FleetStore } from "./fleet-store.ts";
import { readFleetHosts } from "./read-fleet-hosts.ts";

/** Of a host not the record, which is read apart, once for however many changes. */
const createFleetLog = (pool: pg.Pool, era: number): Log<FleetChange> =>
  createLog(pool, era, {
    name: "read_fleet_changes",
    table: "changes",
    columns:
      "seq, kind, key, operation, CASE WHEN kind IN ('vms', 'networks') THEN record END AS record",
    where: "kind IN ('hosts', 'images', 'networks', 'vms') AND record IS NOT NULL",
    // Rows are written by this package from typed records, so they have these types.
    toEntries: (rows) =>
      rows.map(
        ({ kind, key, operation, record }) => ({ kind, key, operation, record }) as FleetChange,
      ),
  });

export function createFleetStore(parts: {
  readonly pool: pg.Pool;
  readonly guard: Guard;
  /** Of the database: see `noticeRestore`. */
  readonly era: number;
}): FleetStore {
  const { pool, guard, era } = parts;
  const db = databaseOn(pool);
  const changes = createFleetLog(pool, era);

  const select = async (where: SQL | undefined, size: number): Promise<readonly FleetHost[]> => {
    const rows = await selectHosts(db).where(where).orderBy(asc(hosts.name)).limit(size);
    return readFleetHosts(pool, rows);
  };

  return {
    changes: {
      now: () => guard(() => changes.now()),
      read: (after, limit) => guard(() => changes.read(after, limit)),
      readBetween: (range, limit) => guard(() => changes.readBetween(range, limit)),
    },
    listHosts: ({ after, size }) =>
      guard(() => select(after === undefined ? undefined : gt(hosts.name, after), size)),
    readHosts: (ids) =>
      ids.length === 0
        ? Promise.resolve([])
        : guard(() => select(inArray(hosts.name, [...ids]), ids.length)),
    listHostsWith: (image) =>
      guard(async () => {
        const { rows } = await pool.query<{ host: HostId }>({
          name: "fleet_hosts_with",
          text: "SELECT host FROM image_copies WHERE image = $1 AND state <> 'failed'",
          values: [image],
        });
        return rows.map(({ host }) => host);
      }),
    listBusyHosts: () =>
      guard(async () => {
        const { rows } = await pool.query<{ exclusive_host: HostId }>({
          name: "fleet_busy_hosts",
          text: "SELECT exclusive_host FROM jobs WHERE exclusive_host IS NOT NULL",
        });
        return rows.map((row) => row.exclusive_host);
      }),
  };
}
