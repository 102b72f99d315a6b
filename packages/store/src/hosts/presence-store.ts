import type { HostId, VmId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { Transactor } from "../connection/transactor.ts";
import { brake } from "../freeze/freeze-rows.ts";
import { findVm } from "../vms/vm-rows.ts";
import { findHosts } from "./host-rows.ts";
import { ingestInventory } from "./inventory.ts";
import type { BeatReport, HostBeat, PresenceStore, SweepReport } from "./presence.ts";

/*
 * One statement for all beats. A beat of an older enrolment matches no host. Of two beats of one host in a
 * batch the last counts.
 */
const RECORD_BEATS = {
  name: "record_beats",
  text: `WITH given AS (
    SELECT DISTINCT ON (host) b.* FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[])
      WITH ORDINALITY AS b(host, host_epoch, session, boot_id, agent_version, position)
    ORDER BY host, position DESC),
  beat AS (
    SELECT given.*, h.state, h.inventory_session IS NOT NULL AS has_inventory, p.boot_id AS old_boot_id
    FROM given JOIN hosts h ON h.name = given.host AND h.host_epoch = given.host_epoch
    LEFT JOIN host_presence p ON p.host = given.host),
  seen AS (
    INSERT INTO host_presence (host, last_seen_at, session, boot_id)
    SELECT host, now(), session, boot_id FROM beat
    ON CONFLICT (host) DO UPDATE SET last_seen_at = now(), session = excluded.session,
      boot_id = excluded.boot_id),
  returned AS (
    UPDATE hosts h SET state = CASE WHEN beat.has_inventory THEN 'ready' ELSE 'enrolled' END,
      state_changed_at = now(), revision = nextval('revisions')
    FROM beat WHERE h.name = beat.host AND h.state IN ('suspect', 'lost')
    RETURNING h.name)
  SELECT beat.host, beat.old_boot_id IS NOT NULL AND beat.old_boot_id <> beat.boot_id AS rebooted,
    EXISTS (SELECT FROM returned WHERE name = beat.host) AS returned
  FROM beat`,
};

interface BeatRow {
  readonly host: HostId;
  readonly rebooted: boolean;
  readonly returned: boolean;
}

async function noteStates(session: Session, hosts: readonly HostId[]): Promise<void> {
  for (const record of await findHosts(session.db, hosts)) {
    session.changes.push({ kind: "hosts", key: record.id, operation: "updated", record });
    session.audits.push({
      action: `host.${record.state}`,
      resource: `hosts/${record.id}`,
      details: {},
    });
  }
}

async function recordBeats(session: Session, beats: readonly HostBeat[]): Promise<BeatReport> {
  if (beats.length === 0) return { returned: [], rebooted: [] };
  const { rows } = await session.client.query<BeatRow>({
    ...RECORD_BEATS,
    values: [
      beats.map((beat) => beat.host),
      beats.map((beat) => beat.hostEpoch),
      beats.map((beat) => beat.session),
      beats.map((beat) => beat.bootId),
      beats.map((beat) => beat.agentVersion),
    ],
  });
  const returned = rows.filter((row) => row.returned).map((row) => row.host);
  await noteStates(session, returned);
  return { returned, rebooted: rows.filter((row) => row.rebooted).map((row) => row.host) };
}

/** A host is silent since its last beat, or since its state last changed where it never sent one. */
const MARK_SILENT = {
  name: "mark_silent",
  text: `UPDATE hosts h SET state = $1, state_changed_at = now(), revision = nextval('revisions')
    WHERE h.name IN (
      SELECT name FROM hosts LEFT JOIN host_presence p ON p.host = name
      WHERE state = $2 AND coalesce(p.last_seen_at, state_changed_at) < now() - $3 * interval '1 ms'
      ORDER BY name FOR NO KEY UPDATE OF hosts SKIP LOCKED)
    RETURNING name`,
};

async function markSilent(
  session: Session,
  move: { readonly from: string; readonly to: string; readonly afterMs: number },
): Promise<readonly HostId[]> {
  const { rows } = await session.client.query<{ name: HostId }>({
    ...MARK_SILENT,
    values: [move.to, move.from, move.afterMs],
  });
  const hosts = rows.map((row) => row.name);
  await noteStates(session, hosts);
  return hosts;
}

/** What a job is to end, and what has ended, stays as it is. */
const MARK_VMS_LOST = {
  name: "mark_vms_lost",
  text: `UPDATE vms SET state = 'lost', state_reason = 'its host ' || a.host || ' is lost',
      failure = NULL, revision = nextval('revisions')
    FROM allocations a WHERE a.of_vm = vms.name AND a.host = ANY($1::text[])
      AND vms.state IN ('starting', 'running', 'stopping')
    RETURNING vms.name`,
};

/** VMs that ran on hosts that are lost: nobody knows whether they do. */
async function markVmsLost(session: Session, hosts: readonly HostId[]): Promise<void> {
  if (hosts.length === 0) return;
  const values = [[...hosts].sort()];
  const { rows } = await session.client.query<{ name: VmId }>({ ...MARK_VMS_LOST, values });
  for (const { name } of rows) {
    const record = await findVm(session.db, name);
    if (record === undefined) continue;
    session.changes.push({ kind: "vms", key: name, operation: "updated", record });
    const details = { state: "lost", host: record.allocation.host };
    session.audits.push({ action: "vm.state", resource: `vms/${name}`, details });
  }
}

async function sweep(
  session: Session,
  limits: { readonly suspectAfterMs: number; readonly lostAfterMs: number },
): Promise<SweepReport> {
  // Lost first: a host passes through suspect in one sweep and is lost in a later one at the earliest.
  const lost = await markSilent(session, {
    from: "suspect",
    to: "lost",
    afterMs: limits.lostAfterMs,
  });
  await markVmsLost(session, lost);
  const suspected = await markSilent(session, {
    from: "ready",
    to: "suspect",
    afterMs: limits.suspectAfterMs,
  });
  const { freeze, isChanged } = await brake(session);
  return { lost, suspected, freeze, isFreezeChanged: isChanged };
}

export function createPresenceStore(transactor: Transactor): PresenceStore {
  const inTransaction = <T>(work: (session: Session) => Promise<T>) =>
    transactor.run({ pool: "relay", actor: "controller", isRepeatable: true }, work);
  return {
    recordBeats: (beats) => inTransaction((session) => recordBeats(session, beats)),
    sweep: (limits) => inTransaction((session) => sweep(session, limits)),
    recordInventory: (update) => inTransaction((session) => ingestInventory(session, update)),
    lastSeen: () =>
      inTransaction(async (session) => {
        const { rows } = await session.client.query<{ host: HostId; last_seen_at: Date }>({
          name: "last_seen",
          text: "SELECT host, last_seen_at FROM host_presence",
        });
        return new Map(rows.map((row) => [row.host, row.last_seen_at.getTime()]));
      }),
  };
}
