import assert from "node:assert/strict";
import { listLeftovers } from "@switchyard/host";
import type { VmState } from "@switchyard/model";
import { findDeviceLeaks, findLeaks, type OwningVm } from "@switchyard/planner";
import { query } from "./checker.ts";
import type { Cluster } from "./cluster.ts";

/** VMs with where they are and what they own, straight from Postgres. */
const VMS = `SELECT v.name AS vm, v.state, a.host, coalesce(json_agg(n.mac) FILTER (WHERE n.mac IS NOT NULL), '[]') AS macs
  FROM vms v LEFT JOIN allocations a ON a.vm = v.name LEFT JOIN allocation_nics n ON n.vm = v.name
  GROUP BY v.name, v.state, a.host`;

/** What is taken for VMs that are not there. */
const ORPHANS = `
  SELECT 'allocation' AS kind, vm AS owner FROM allocations WHERE vm NOT IN (SELECT name FROM vms)
  UNION ALL SELECT 'NIC', vm FROM allocation_nics WHERE vm NOT IN (SELECT name FROM vms)
  UNION ALL SELECT 'address', vm FROM ip_addresses WHERE vm NOT IN (SELECT name FROM vms)
  UNION ALL SELECT 'MAC', owner FROM mac_addresses
    WHERE owner_kind = 'vm' AND owner NOT IN (SELECT 'vms/' || name FROM vms)
  UNION ALL SELECT 'VM without an allocation', name FROM vms WHERE name NOT IN (SELECT vm FROM allocations)`;

const SLOTS = "SELECT host, array_agg(mac) AS macs FROM slots GROUP BY host";

interface VmRow {
  readonly vm: string;
  readonly state: VmState;
  readonly host: string;
  readonly macs: readonly string[];
}

/**
 * Nothing is taken or kept, in the database or on any machine, that belongs to no VM. Right only for hosts on which no
 * job is at work: others are those with a VM in a passing state, and are passed over.
 */
export async function checkLeaks(cluster: Cluster, what: string): Promise<void> {
  assert.deepEqual(await query(cluster.databaseUrl, ORPHANS), [], `${what}: nobody's rows`);
  const slots = await query<{ readonly host: string; readonly macs: readonly string[] }>(
    cluster.databaseUrl,
    SLOTS,
  );
  for (const { sim } of cluster.agents) {
    const rows = (await query<VmRow>(cluster.databaseUrl, VMS)).filter(
      ({ host }) => host === sim.name,
    );
    const isSettled = rows.every(({ state }) => state === "running" || state === "stopped");
    if (!isSettled) continue;
    const vms: readonly OwningVm[] = rows.map(({ vm, state, macs }) => ({ vm, state, macs }));
    const devices = [...sim.machine.boot.vdpaDevices.values()];
    const slotMacs = slots.find(({ host }) => host === sim.name)?.macs ?? [];
    const leaks = [
      ...findLeaks(vms, await listLeftovers(sim)),
      ...findDeviceLeaks(vms, devices, slotMacs),
    ];
    const later = (await query<VmRow>(cluster.databaseUrl, VMS)).filter(
      ({ host }) => host === sim.name,
    );
    if (later.length !== rows.length) continue;
    assert.deepEqual(leaks, [], `${what}: on ${sim.name}`);
  }
}
