import {
  type BmcEndpoint,
  type HostId,
  isJobEnd,
  type JobId,
  type JobState,
  PlanningError,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { HostRecord, JobRecord, Transaction } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";

const LIVE: readonly JobState[] = ["pending", "accepted", "running"];
/** Live jobs of one host, and hosts looked at for one whose agent may ask the BMC. */
const JOBS_MAX = 10_000;
const HOSTS_MAX = 10_000;

/**
 * Notes that a host runs nothing any more, and ends all that it was told to do: should it come back, nothing
 * of that is sent to it again.
 */
export async function noteFence(
  tx: Transaction,
  host: HostId,
  by: { readonly actor: string; readonly evidence: string; readonly atMs: number },
): Promise<HostRecord> {
  const { inventory } = await tx.hosts.get(host);
  await tx.hosts.setCordon(host, { reason: `fenced: ${by.evidence}`.slice(0, 200) });
  const record = await tx.hosts.setFence(host, { ...by, bootId: inventory?.bootId });
  const live = await listAll((page) => tx.jobs.list({ ...page, host, states: LIVE }), JOBS_MAX);
  for (const { id, state } of live) {
    if (!isJobEnd(state)) await tx.jobs.end({ job: id, state: "needs-operator", ...ENDED });
  }
  return record;
}

const ENDED = {
  result: undefined,
  failure: {
    reason: "HOST_FENCED",
    message: "the host was fenced while it had the job",
    metadata: {},
    step: undefined,
  },
} as const;

function refuse(host: HostRecord): void {
  if (host.state === "lost") return;
  throw new PlanningError("HOST_NOT_LOST", `host ${host.id} is not lost`, {
    subject: hostName.format(host.id),
    found: `state ${host.state}`,
    needs: "state lost",
  });
}

/** The lost host's BMC, as its agent told of it. @throws PlanningError FENCE_FAILED */
function bmcOf({ id, inventory }: HostRecord): BmcEndpoint {
  const bmc = inventory?.bmc;
  if (bmc !== undefined) return { address: bmc.address, trust: bmc.trust };
  throw new PlanningError("FENCE_FAILED", `nobody knows the BMC of host ${id}`, {
    subject: hostName.format(id),
    found: "an inventory without a BMC",
    needs: "a BMC that its agent was told of, or an operator's word",
    try: `swy host fence ${id} --confirmed-by-operator REASON`,
  });
}

/**
 * A host whose agent can ask: the one that is named, which may have a file for the other's BMC, or one that
 * reaches its own, and so knows a user. @throws PlanningError FENCE_FAILED
 */
async function askerOf(
  tx: Transaction,
  lost: HostId,
  wanted: HostId | undefined,
): Promise<HostRecord> {
  const all =
    wanted === undefined
      ? await listAll((page) => tx.hosts.list(page), HOSTS_MAX)
      : [await tx.hosts.get(wanted)];
  const found = all.find(
    ({ id, state, inventory }) =>
      id !== lost &&
      state === "ready" &&
      (wanted !== undefined || inventory?.bmc?.facts !== undefined),
  );
  if (found !== undefined) return found;
  throw new PlanningError("FENCE_FAILED", "no agent can ask the BMC", {
    subject: hostName.format(lost),
    found: wanted === undefined ? "no ready host with a BMC of its own" : `host ${wanted}`,
    needs: "a ready host whose agent reaches its own BMC, and so knows user and password",
  });
}

/**
 * Fences a lost host: at once where an operator says that it is off, else by a job on another host that
 * takes its power away. A host that is fenced already stays so.
 *
 * @throws StoreError HOST_NOT_FOUND
 * @throws PlanningError HOST_NOT_LOST, FENCE_FAILED
 */
export async function fenceHost(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  request: {
    readonly host: HostId;
    /** What an operator has seen; undefined: by power. */
    readonly word: string | undefined;
    readonly byHost: HostId | undefined;
  },
): Promise<{ readonly host: HostRecord; readonly job: JobRecord | undefined }> {
  const { host: id, word, byHost } = request;
  const host = await tx.hosts.get(id);
  if (host.fence !== undefined) return { host, job: undefined };
  refuse(host);
  if (word !== undefined) {
    const by = { actor: "operator", evidence: word, atMs: parts.clock.nowMs() };
    return { host: await noteFence(tx, id, by), job: undefined };
  }
  const bmc = bmcOf(host);
  const asker = await askerOf(tx, id, byHost);
  const job = await tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: asker.id,
    spec: { kind: "fence-host", host: id, bmc },
    subject: hostName.format(id),
    ttlMs: JOB_TTL_MS,
  });
  return { host, job };
}
