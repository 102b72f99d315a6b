import type { HostId, Ipv4Cidr, RolloutId } from "@switchyard/model";
import { done } from "../connection/outcome.ts";
import type { Session } from "../connection/session.ts";
import { reserveAllBridgeAddresses } from "../hosts/bridge-addresses.ts";
import type { BridgeAddressReservation } from "../hosts/host-record.ts";
import { raiseDesiredGenerations } from "../hosts/host-writes.ts";
import { lockAndRead } from "../hosts/lock-host.ts";
import { reserveAllSlots } from "../hosts/reservations.ts";
import type { JobDraft, JobRecord } from "../jobs/job-record.ts";
import { createEach } from "../jobs/job-writes.ts";
import { createPlans, markPlansApplied } from "../plans/plan-rows.ts";
import { createTransaction } from "../queries.ts";
import type { RolloutHostChange, RolloutRecord } from "../rollouts/rollout-queries.ts";
import type { Transaction } from "../store.ts";
import { gather } from "./gather.ts";
import { createGatheredReads } from "./gathered-reads.ts";

function gatherHosts(
  session: Session,
): Pick<
  Transaction["hosts"],
  "lock" | "reserveSlots" | "reserveBridgeAddress" | "raiseDesiredGeneration"
> {
  return {
    lock: gather((ids: readonly HostId[]) => lockAndRead(session, ids)),
    reserveSlots: gather((reservations) => reserveAllSlots(session, reservations)),
    reserveBridgeAddress: gather<BridgeAddressReservation, Ipv4Cidr>((reservations) =>
      reserveAllBridgeAddresses(session, reservations),
    ),
    raiseDesiredGeneration: gather((ids: readonly HostId[]) =>
      raiseDesiredGenerations(session, ids),
    ),
  };
}

interface ChangesOf {
  readonly id: RolloutId;
  readonly changes: readonly RolloutHostChange[];
}

function gatherRollouts(
  tx: Transaction["rollouts"],
): Pick<Transaction["rollouts"], "lock" | "setHosts"> {
  const lock = gather<RolloutId, RolloutRecord>(async (ids) => {
    const locked = new Map<RolloutId, RolloutRecord>();
    for (const id of [...new Set(ids)].sort()) locked.set(id, await tx.lock(id));
    return ids.map((id) => done(locked.get(id)!)); // each was locked
  });
  const setHosts = gather<ChangesOf, void>(async (asked) => {
    for (const [id, of] of Map.groupBy(asked, (each) => each.id)) {
      await tx.setHosts(
        id,
        of.flatMap(({ changes }) => changes),
      );
    }
    return asked.map(() => done(undefined));
  });
  return { lock, setHosts: (id, changes) => setHosts({ id, changes }) };
}

/**
 * A transaction for several works side by side: what they ask for in the same turn is one statement, as far as
 * a change of a host needs it; everything else is a statement each. Each work has a host of its own.
 */
export function createGatheredTransaction(session: Session): Transaction {
  const tx = createTransaction(session);
  const reads = createGatheredReads(session.db);
  const createJob = gather<JobDraft & { readonly traceparent: string }, JobRecord>((drafts) =>
    createEach(session, drafts),
  );
  const { hosts, plans } = tx;
  const gathered = {
    hosts: { ...hosts, ...reads.hosts, ...gatherHosts(session) },
    plans: {
      ...plans,
      create: gather((drafts: Parameters<typeof createPlans>[1]) => createPlans(session, drafts)),
      markApplied: gather((changes: Parameters<typeof markPlansApplied>[1]) =>
        markPlansApplied(session, changes),
      ),
    },
    rollouts: gatherRollouts(tx.rollouts),
  };
  /** Of one trace: what is asked for through several of them is gathered all the same. */
  const viewOf = (plain: Transaction, traceparentOf: () => string): Transaction => ({
    ...plain,
    profiles: { ...plain.profiles, ...reads.profiles },
    networks: { ...plain.networks, ...reads.networks },
    vms: { ...plain.vms, ...reads.vms },
    freeze: { ...plain.freeze, ...reads.freeze },
    hosts: gathered.hosts,
    jobs: {
      ...plain.jobs,
      ...reads.jobs,
      create: (draft) => createJob({ ...draft, traceparent: traceparentOf() }),
    },
    plans: gathered.plans,
    rollouts: { ...plain.rollouts, ...reads.rollouts, ...gathered.rollouts },
    inTrace: (traceparent) =>
      traceparent === ""
        ? viewOf(plain, traceparentOf)
        : viewOf(plain.inTrace(traceparent), () => traceparent),
  });
  return viewOf(tx, session.ownTraceparent);
}
