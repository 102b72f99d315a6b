import type { HostId, ImageId } from "@switchyard/model";
import type pg from "pg";
import { toHostRecord } from "../hosts/host-rows.ts";
import type { FleetHost, ResidentRecord } from "./fleet-store.ts";

/** What runs a statement: a pool, or the connection of a transaction. */
export interface Querying {
  query(statement: pg.QueryConfig): Promise<pg.QueryResult>;
}

/** What the hosts named `$1` hold, each in one row. */
const READ_SLOTS = {
  name: "fleet_slots",
  text: `SELECT host, json_agg(json_build_object('pf', pf, 'vfIndex', vf_index) ORDER BY pf, vf_index) AS held
    FROM slots WHERE host = ANY($1::text[]) GROUP BY host`,
};
/** Also what moves hold, under names that no VM has. */
const READ_RESIDENTS = {
  name: "fleet_residents",
  text: `SELECT a.host, json_agg(json_strip_nulls(json_build_object(
      'vm', a.vm, 'labels', coalesce(v.spec -> 'labels', '{}'), 'affinity', coalesce(v.spec -> 'affinity', '[]'),
      'vcpuCount', a.vcpu_count, 'memoryBytes', a.memory_bytes,
      'hugepageBytes', a.hugepage_bytes,
      'slots', (SELECT coalesce(json_agg(json_build_object('pf', n.pf, 'vfIndex', n.vf_index)), '[]')
        FROM allocation_nics n WHERE n.vm = a.vm AND n.host = a.host))) ORDER BY a.vm) AS held
    FROM allocations a LEFT JOIN vms v ON v.name = a.vm
    WHERE a.host = ANY($1::text[]) GROUP BY a.host`,
};
const READ_IMAGES = {
  name: "fleet_images",
  text: `SELECT host, json_agg(image) AS held FROM image_copies
    WHERE host = ANY($1::text[]) AND state <> 'failed' GROUP BY host`,
};

async function readHeld<T>(
  client: Querying,
  statement: { readonly name: string; readonly text: string },
  hosts: readonly HostId[],
): Promise<ReadonlyMap<HostId, readonly T[]>> {
  const { rows } = await client.query({ ...statement, values: [[...hosts]] });
  return new Map(
    rows.map((row: { readonly host: HostId; readonly held: readonly T[] }) => [row.host, row.held]),
  );
}

/** VMs on hosts, by host; a host without is left out. */
export const readResidents = (
  client: Querying,
  hosts: readonly HostId[],
): Promise<ReadonlyMap<HostId, readonly ResidentRecord[]>> =>
  readHeld(client, READ_RESIDENTS, hosts);

/** Rows of hosts with everything that placement looks at; what they hold is as new as the rows, or newer. */
export async function readFleetHosts(
  client: Querying,
  rows: readonly Parameters<typeof toHostRecord>[0][],
): Promise<readonly FleetHost[]> {
  const ids = rows.map((row) => row.name as HostId);
  if (ids.length === 0) return [];
  const slots = await readHeld<FleetHost["slots"][number]>(client, READ_SLOTS, ids);
  const residents = await readResidents(client, ids);
  const images = await readHeld<ImageId>(client, READ_IMAGES, ids);
  return rows.map(toHostRecord).map((host) => ({
    host,
    slots: slots.get(host.id) ?? [],
    residents: residents.get(host.id) ?? [],
    images: images.get(host.id) ?? [],
  }));
}
