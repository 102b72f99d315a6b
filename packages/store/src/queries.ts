import { createAuditReads, createAuditWrites } from "./audit/audit-rows.ts";
import { type Guard, guardQueries } from "./connection/guard.ts";
import { type Database, type Session, sessionInTrace } from "./connection/session.ts";
import { createExperimentReads } from "./experiments/experiment-rows.ts";
import { createExperimentWrites } from "./experiments/experiment-writes.ts";
import { createFreezeReads, createFreezeWrites } from "./freeze/freeze-rows.ts";
import { createHostReads } from "./hosts/host-reads.ts";
import { createHostWrites } from "./hosts/host-writes.ts";
import { createImageReads, createImageWrites } from "./images/image-rows.ts";
import { createJobReads } from "./jobs/job-rows.ts";
import { createJobWrites } from "./jobs/job-writes.ts";
import { createMoveReads, createMoveWrites } from "./moves/move-rows.ts";
import { createNetworkReads, createNetworkWrites } from "./networks/network-rows.ts";
import { createPlanReads, createPlanWrites } from "./plans/plan-rows.ts";
import { createProfileReads, createProfileWrites } from "./profiles/profile-rows.ts";
import { once } from "./requests/once.ts";
import { createRolloutReads } from "./rollouts/rollout-rows.ts";
import { createRolloutWrites } from "./rollouts/rollout-writes.ts";
import { createSigningKeyReads, createSigningKeyWrites } from "./signing-keys/signing-key-rows.ts";
import type { Reads, Transaction } from "./store.ts";
import { createVmReads } from "./vms/vm-rows.ts";
import { createVmWrites } from "./vms/vm-writes.ts";

/** All reads over one database handle. */
export const createReads = (db: Database): Reads => ({
  hosts: createHostReads(db),
  profiles: createProfileReads(db),
  networks: createNetworkReads(db),
  images: createImageReads(db),
  plans: createPlanReads(db),
  vms: createVmReads(db),
  moves: createMoveReads(db),
  jobs: createJobReads(db),
  events: createAuditReads(db),
  signingKeys: createSigningKeyReads(db),
  rollouts: createRolloutReads(db),
  experiments: createExperimentReads(db),
  freeze: createFreezeReads(db),
});

/** Each group of queries under the guard. */
export const guardEach = <Groups extends object>(guard: Guard, groups: Groups): Groups =>
  // Every member is a group of queries; the types stay as they were.
  Object.fromEntries(
    Object.entries(groups).map(([name, group]) => [name, guardQueries(guard, group as object)]),
  ) as Groups;

/** Reads outside any transaction: repeated while the database is away. */
export const createGuardedReads = (db: Database, guard: Guard): Reads =>
  guardEach(guard, createReads(db));

/** A transaction as its callers see it. */
export const createTransaction = (session: Session): Transaction => ({
  hosts: createHostWrites(session),
  profiles: createProfileWrites(session),
  networks: createNetworkWrites(session),
  images: createImageWrites(session),
  plans: createPlanWrites(session),
  vms: createVmWrites(session),
  moves: createMoveWrites(session),
  jobs: createJobWrites(session),
  events: createAuditWrites(session),
  signingKeys: createSigningKeyWrites(session),
  rollouts: createRolloutWrites(session),
  experiments: createExperimentWrites(session),
  freeze: createFreezeWrites(session),
  once: (request, work) => once(session, request, work),
  inTrace: (traceparent) => createTransaction(sessionInTrace(session, traceparent)),
});
