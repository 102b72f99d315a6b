import type { Fence, HostId } from "@switchyard/model";
import { and, eq, inArray, lt, sql } from "drizzle-orm";
import { checkEtag } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { done, type Outcome, onlyOf, refused } from "../connection/outcome.ts";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { releaseBridgeAddresses, reserveAllBridgeAddresses } from "./bridge-addresses.ts";
import { claimDriftedHosts, setDrift } from "./drift.ts";
import { createEnrollmentToken, enroll } from "./enrollment.ts";
import type { HostReads, HostWrites } from "./host-queries.ts";
import { createHostReads, hostNotFound } from "./host-reads.ts";
import type { HostRecord } from "./host-record.ts";
import { findHost, noteHost } from "./host-rows.ts";
import { lockAndRead, lockHost } from "./lock-host.ts";
import { releaseSlots, reserveAllSlots } from "./reservations.ts";

async function updateLabels(
  session: Session,
  change: Parameters<HostWrites["updateLabels"]>[0],
): ReturnType<HostWrites["updateLabels"]> {
  const { revision } = await lockHost(session, change.id);
  checkEtag(`host ${change.id}`, change.etag, revision);
  await session.db
    .update(hosts)
    .set({ labels: change.labels, revision: nextRevision })
    .where(eq(hosts.name, change.id));
  return noteHost(session, change.id, { action: "host.update-labels" });
}

async function setDatapathMode(
  session: Session,
  { id, etag, mode }: Parameters<HostWrites["setDatapathMode"]>[0],
): ReturnType<HostWrites["setDatapathMode"]> {
  const { revision } = await lockHost(session, id);
  checkEtag(`host ${id}`, etag, revision);
  await session.db
    .update(hosts)
    .set({
      datapathMode: mode ?? null,
      desiredGeneration: sql`${hosts.desiredGeneration} + 1`,
      revision: nextRevision,
    })
    .where(eq(hosts.name, id));
  const details = { mode: mode ?? "the profile's" };
  return noteHost(session, id, { action: "host.set-datapath-mode", details });
}

async function setCordon(
  session: Session,
  id: HostId,
  wanted: Parameters<HostWrites["setCordon"]>[1],
): Promise<HostRecord> {
  await lockHost(session, id);
  const before = await findHost(session.db, id);
  if (before === undefined) throw hostNotFound(id);
  if (wanted !== undefined && before.cordon !== undefined) return before;
  const cordon = wanted && { ...wanted, actor: session.actor, atMs: session.clock.nowMs() };
  await session.db
    .update(hosts)
    .set({ cordon: cordon ?? null, revision: nextRevision })
    .where(eq(hosts.name, id));
  return noteHost(session, id, {
    action: cordon === undefined ? "host.uncordon" : "host.cordon",
    details: { reason: cordon?.reason ?? "" },
  });
}

async function setFence(
  session: Session,
  id: HostId,
  fence: Fence | undefined,
): Promise<HostRecord> {
  await lockHost(session, id);
  await session.db
    .update(hosts)
    .set({ fence: fence ?? null, revision: nextRevision })
    .where(eq(hosts.name, id));
  return noteHost(session, id, {
    action: fence === undefined ? "host.unfence" : "host.fence",
    details: { evidence: fence?.evidence ?? "" },
  });
}

/** Once for each of the hosts, which are all different; the new generations in order. */
export async function raiseDesiredGenerations(
  session: Session,
  ids: readonly HostId[],
): Promise<readonly Outcome<number>[]> {
  const rows = await session.db
    .update(hosts)
    .set({ desiredGeneration: sql`${hosts.desiredGeneration} + 1`, revision: nextRevision })
    .where(inArray(hosts.name, [...ids]))
    .returning({ name: hosts.name, generation: hosts.desiredGeneration });
  const raised = new Map<string, number>(rows.map(({ name, generation }) => [name, generation]));
  return ids.map((id) => {
    const generation = raised.get(id);
    if (generation === undefined) return refused(hostNotFound(id));
    session.touchedHosts.add(id);
    return done(generation);
  });
}

async function setApplied(
  session: Session,
  change: Parameters<HostWrites["setApplied"]>[0],
): ReturnType<HostWrites["setApplied"]> {
  await lockHost(session, change.id);
  await session.db
    .update(hosts)
    .set({
      appliedGeneration: change.generation,
      appliedProfile: change.profile ?? null,
      appliedDesired: change.desired ?? null,
      drift: [],
      revision: nextRevision,
    })
    .where(and(eq(hosts.name, change.id), lt(hosts.appliedGeneration, change.generation)));
  return noteHost(session, change.id, {
    action: "host.applied",
    details: { generation: String(change.generation), profile: change.profile ?? "" },
  });
}

export function createHostWrites(session: Session): HostReads & HostWrites {
  return {
    ...createHostReads(session.db),
    createEnrollmentToken: (draft) => createEnrollmentToken(session, draft),
    enroll: (draft) => enroll(session, draft),
    updateLabels: (change) => updateLabels(session, change),
    setDatapathMode: (change) => setDatapathMode(session, change),
    setCordon: (id, cordon) => setCordon(session, id, cordon),
    setFence: (id, fence) => setFence(session, id, fence),
    lock: async (id) => onlyOf(await lockAndRead(session, [id])),
    raiseDesiredGeneration: async (id) => onlyOf(await raiseDesiredGenerations(session, [id])),
    setApplied: (change) => setApplied(session, change),
    setDrift: (id, seen) => setDrift(session, id, seen),
    claimDriftedHosts: (claim) => claimDriftedHosts(session, claim),
    reserveSlots: async (reservation) => onlyOf(await reserveAllSlots(session, [reservation])),
    releaseSlots: (which) => releaseSlots(session, which),
    reserveBridgeAddress: async (reservation) =>
      onlyOf(await reserveAllBridgeAddresses(session, [reservation])),
    releaseBridgeAddresses: (host) => releaseBridgeAddresses(session, host),
  };
}
