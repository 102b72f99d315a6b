import type { HostId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { ResidentRecord } from "../fleet/fleet-store.ts";
import { readResidents } from "../fleet/read-fleet-hosts.ts";
import type { PlacementGroup, StaleVm } from "./placement-store.ts";

/** Of two first members of one group, placed at once on two hosts, the second waits and sees the first. */
const LOCK_MEMBERS = {
  name: "placement_lock_members",
  text: `SELECT pg_advisory_xact_lock(key) FROM (
    SELECT hashtextextended('members ' || target, 0) AS key FROM unnest($1::text[]) AS target
    ORDER BY target) AS keys`,
};
const FIND_MEMBERS = {
  name: "placement_members",
  text: `SELECT DISTINCT a.host FROM unnest($1::jsonb[]) AS target
    JOIN vms v ON (v.spec -> 'labels') @> (target -> 'labels')
      OR (v.spec -> 'affinity') @> jsonb_build_array(jsonb_build_object('target', target))
    JOIN allocations a ON a.vm = v.name`,
};

/** Hosts where VMs are that a rule names. */
async function hostsOfMembers(
  session: Session,
  groups: readonly PlacementGroup[],
): Promise<readonly HostId[]> {
  const members = groups.flatMap(({ rules }) => rules?.members ?? []);
  const targets = [...new Set(members.map((each) => JSON.stringify(each)))].sort();
  if (targets.length === 0) return [];
  const [, found] = await session.client.queryAll([
    { ...LOCK_MEMBERS, values: [targets] },
    { ...FIND_MEMBERS, values: [targets] },
  ]);
  return (found?.rows ?? []).map((row: { readonly host: HostId }) => row.host);
}

/** The VMs of each group whose rules do not allow where they were planned; the hosts are locked. */
export async function checkRules(
  session: Session,
  groups: readonly PlacementGroup[],
): Promise<ReadonlyMap<PlacementGroup, readonly StaleVm[]>> {
  const ruled = groups.filter(({ rules }) => rules !== undefined);
  if (ruled.length === 0) return new Map();
  const planned = ruled.flatMap(({ vms }) => vms.map(({ host }) => host));
  const hosts = [...new Set([...planned, ...(await hostsOfMembers(session, ruled))])];
  const residents: ReadonlyMap<HostId, readonly ResidentRecord[]> = await readResidents(
    session.client,
    hosts,
  );
  return new Map(
    ruled.map((group) => {
      const refused = new Set(group.rules?.refuse(residents));
      const stale = group.vms
        .filter(({ id }) => refused.has(id))
        .map(({ id, host }): StaleVm => ({ vm: id, host, why: "affinity" }));
      return [group, stale];
    }),
  );
}
