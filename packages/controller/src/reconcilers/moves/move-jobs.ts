import { type SigningKey, sealDiskTicket } from "@switchyard/bus";
import {
  assert,
  type DiskTransfer,
  type JobId,
  type JobSpec,
  type MovePhase,
  type VmDesired,
} from "@switchyard/model";
import { type Clock, newUuid, type Random } from "@switchyard/runtime";
import type { MoveRecord, Transaction } from "@switchyard/store";
import { JOB_TTL_MS } from "../../api/jobs/job-ttl.ts";
import { vmName } from "../../api/validation/names.ts";

/** A disk of a terabyte takes an hour over 10 GbE; the clocks of two machines may differ by some. */
const TICKET_TTL_MS = 24 * 3_600_000;

export interface MoveParts {
  readonly clock: Clock;
  readonly random: Random;
}

/** The sealed disk with the permission to copy it; undefined where none travels. */
export function transferOf(
  parts: { readonly clock: Clock; readonly signingKey: SigningKey },
  move: MoveRecord,
): DiskTransfer | undefined {
  const { disk, id, vm, sourceHost: source, targetHost: target } = move;
  if (disk === undefined) return undefined;
  assert(target !== undefined, `move ${id} has a place`);
  const expireAtMs = parts.clock.nowMs() + TICKET_TTL_MS;
  const ticket = { move: id, vm, source, target, ...disk, expireAtMs };
  return { move: id, source, ...disk, ticket: sealDiskTicket(ticket, parts.signingKey) };
}

export interface WantedJob {
  readonly move: MoveRecord;
  readonly phase: MovePhase;
  /** Of phase receiving. */
  readonly transfer?: DiskTransfer | undefined;
}

/** What the phase's job does, on the host of its VM; undefined where the phase has none. */
async function specOf(
  tx: Transaction,
  { move, phase, transfer }: WantedJob,
): Promise<Extract<JobSpec, { readonly vm: VmDesired }> | undefined> {
  const { source, target, wasRunning, isLive, migration } = move;
  assert(target !== undefined, `move ${move.id} has a place`);
  switch (phase) {
    case "sealing":
      return { kind: "seal-vm", vm: source };
    case "receiving":
      return { kind: "receive-vm", vm: target, disk: transfer };
    case "preparing":
      return { kind: "await-vm", vm: target, move: move.id, sender: await nkeyOf(tx, move) };
    case "migrating": {
      const channel = migration?.channel;
      assert(channel !== undefined, `VM ${move.vm} is waited for`);
      return { kind: "migrate-vm", vm: source, channel };
    }
    case "starting":
      if (isLive) return { kind: "resume-vm", vm: target, move: move.id };
      return wasRunning ? { kind: "start-vm", vm: target } : undefined;
    case "clearing":
      return { kind: "clear-vm", vm: source };
    case "reverting":
    case "sweeping":
      return { kind: "clear-vm", vm: target };
    case "returning":
      if (isLive) return { kind: "keep-vm", vm: source };
      return wasRunning ? { kind: "start-vm", vm: source } : undefined;
    case "queued":
    case "done":
    case "failed":
      return undefined;
  }
}

/** Of the host that a VM leaves: what only its agent shall read is sealed to this. */
const nkeyOf = async (tx: Transaction, { sourceHost }: MoveRecord): Promise<string> =>
  (await tx.hosts.get(sourceHost)).nkeyPublic;

/** Makes the job of a phase; undefined where it has none. */
export async function createMoveJob(
  parts: MoveParts,
  tx: Transaction,
  wanted: WantedJob,
): Promise<JobId | undefined> {
  const spec = await specOf(tx, wanted);
  if (spec === undefined) return undefined;
  const job = await tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: spec.vm.allocation.host,
    spec,
    subject: vmName.format(wanted.move.vm),
    ttlMs: JOB_TTL_MS,
  });
  return job.id;
}
