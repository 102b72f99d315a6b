import type { ReceivedJob } from "@switchyard/bus";
import type { HostId, Job, JobEvent, JobFailure, JobSpec } from "@switchyard/model";
import type { Ledger, LedgerTrouble } from "../ledger/ledger.ts";
import type { LedgerRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";

/** What is to be done with a job that arrived. */
export type Verdict =
  | { readonly kind: "new" }
  /** Accepted before, with this epoch. */
  | { readonly kind: "duplicate" }
  /** Ended so long ago that only its end is known. */
  | { readonly kind: "forgotten"; readonly lastEvent: JobEvent | undefined }
  | { readonly kind: "stale"; readonly acceptedEpoch: number }
  /** Newer than one of the same job that still runs, which must stop first. */
  | { readonly kind: "supersedes" }
  | { readonly kind: "trouble"; readonly reason: LedgerTrouble };

export function judge(ledger: Ledger, job: Job, expireAtMs: number): Verdict {
  const { state, trouble } = ledger;
  if (trouble === "LEDGER_CORRUPT") return { kind: "trouble", reason: trouble };
  const known = state.job(job.id);
  const forgotten = state.forgotten(job.id);
  const acceptedEpoch = known?.job.epoch ?? forgotten?.epoch;
  if (acceptedEpoch !== undefined && job.epoch < acceptedEpoch) {
    return { kind: "stale", acceptedEpoch };
  }
  if (acceptedEpoch === job.epoch) {
    return known === undefined
      ? { kind: "forgotten", lastEvent: forgotten?.lastEvent }
      : { kind: "duplicate" };
  }
  if (known !== undefined && !known.hasEnded) return { kind: "supersedes" };
  // A job this old may have run and been forgotten wholly: a clock was set back, or the queue was restored.
  if (acceptedEpoch === undefined && expireAtMs <= state.expiryFloorMs) {
    return { kind: "stale", acceptedEpoch: job.epoch };
  }
  return trouble === undefined ? { kind: "new" } : { kind: "trouble", reason: trouble };
}

/** The wish a job serves, with its generation; undefined for jobs that serve none. */
function wishOf(
  spec: JobSpec,
): { readonly resource: string; readonly generation: number } | undefined {
  switch (spec.kind) {
    case "apply-host":
      return { resource: "host", generation: spec.desired.generation };
    case "start-vm":
    case "stop-vm":
    case "reboot-vm":
    case "delete-vm":
    case "seal-vm":
    case "receive-vm":
    case "await-vm":
    case "migrate-vm":
    case "resume-vm":
    case "keep-vm":
    case "clear-vm":
      return { resource: `vm/${spec.vm.vm}`, generation: spec.vm.generation };
    default:
      return undefined;
  }
}

interface AcceptanceContext {
  readonly host: HostId;
  readonly bootId: string;
  readonly nowMs: number;
}

/** What makes a job accepted: all of it in one group commit. */
export function acceptanceRecords(
  state: LedgerState,
  received: ReceivedJob,
  context: AcceptanceContext,
): readonly LedgerRecord[] {
  const { job, hostEpoch, expireAtMs } = received;
  const { host, bootId, nowMs } = context;
  const wish = wishOf(job.spec);
  const failure = refusal(state, received, nowMs);
  const generations = wish === undefined ? {} : { [wish.resource]: wish.generation };
  const isSeen = wish === undefined || state.generation(wish.resource) >= wish.generation;
  const event: JobEvent = {
    host,
    job: job.id,
    epoch: job.epoch,
    seq: 1,
    atMs: nowMs,
    body: { kind: "accepted", bootId },
  };
  return [
    { kind: "job", job, expireAtMs, bootId },
    ...(isSeen && state.hostEpoch >= hostEpoch
      ? []
      : [{ kind: "seen", hostEpoch, generations, expiryFloorMs: 0 } as const]),
    { kind: "event", event },
    ...(failure === undefined ? [] : [{ kind: "fail", job: job.id, failure } as const]),
  ];
}

function refusal(
  state: LedgerState,
  { job, expireAtMs }: ReceivedJob,
  nowMs: number,
): JobFailure | undefined {
  if (expireAtMs <= nowMs) {
    const message = "the job had expired when it came";
    const found = `expired ${new Date(expireAtMs).toISOString()}`;
    const needs = `a time after the host's clock, ${new Date(nowMs).toISOString()}`;
    return { reason: "JOB_EXPIRED", message, metadata: { found, needs }, step: undefined };
  }
  const wish = wishOf(job.spec);
  const accepted = wish === undefined ? 0 : state.generation(wish.resource);
  if (wish === undefined || wish.generation >= accepted) return undefined;
  const message = `the host has accepted a newer generation of ${wish.resource}`;
  const metadata = { found: `generation ${wish.generation}`, needs: `${accepted} or newer` };
  return { reason: "JOB_STALE", message, metadata, step: undefined };
}
