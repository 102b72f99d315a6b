import {
  assertNever,
  type HostId,
  type Inventory,
  isJobEnd,
  JOB_KINDS_WITHOUT_CHANGE,
  StoreError,
} from "@switchyard/model";
import { isBlocked, judgeVm, planVmStart, type VmVerdict } from "@switchyard/planner";
import type { JobRecord, Store, Transaction, VmRecord } from "@switchyard/store";
import { listAll } from "../../api/list-all.ts";
import type { ApiParts } from "../../api/parts.ts";
import { toDesired } from "../../api/vms/vm-jobs.ts";
import { workOnVm } from "../../api/vms/work-on-vm.ts";

type Seams = Pick<ApiParts, "clock" | "random">;

/** VMs of one host; no NIC has more VFs than 127, and a host holds few NICs. */
const VMS_PER_HOST_MAX = 4096;
const ACTOR = "controller/vms";
/** What a VM shows that shall run again and can't yet. */
const WAITING = "it waits for its host's datapath";
const SEEN = "it was seen to run";

/**
 * Brings what is on record of a host's VMs in line with what the host has just shown: who died and of what, who runs
 * although nobody knew, who is to be started again after a boot.
 *
 * A VM that a job is at work on is left to the job, and so is a host whose datapath is being changed. What a host shows
 * that was fenced says nothing: its VMs are on their way elsewhere, and none may start there again.
 *
 * @returns whether a job was made, which is then to be sent
 */
export async function noteVms(
  parts: Seams & { readonly store: Pick<Store, "transaction"> },
  host: HostId,
): Promise<boolean> {
  return await parts.store.transaction({ actor: ACTOR }, (tx) => noteVmsOf(parts, tx, host));
}

/** The same for hosts whose jobs ended, in the transaction that ends them: see noteDriftOfEnded. */
export async function noteVmsOfEnded(
  parts: Seams,
  tx: Transaction,
  ended: readonly Pick<JobRecord, "host" | "kind">[],
): Promise<void> {
  const changed = ended.filter(({ kind }) => !JOB_KINDS_WITHOUT_CHANGE.includes(kind));
  const hosts = new Set(changed.map(({ host }) => host));
  for (const host of [...hosts].sort()) await noteVmsOf(parts, tx, host);
}

async function noteVmsOf(parts: Seams, tx: Transaction, id: HostId): Promise<boolean> {
  const vms = await listAll((page) => tx.vms.list({ ...page, host: id }), VMS_PER_HOST_MAX);
  if (vms.length === 0) return false;
  const { inventory, fence } = await tx.hosts.get(id);
  if (inventory === undefined || fence !== undefined) return false;
  const news: News[] = [];
  for (const vm of vms) {
    const isWaiting = await waitsForDatapath(tx, vm);
    const verdict = judge(vm, inventory, isWaiting);
    if (verdict.kind !== "keep") news.push({ vm, verdict, inventory, isWaiting });
  }
  if (news.length === 0) return false;
  const { isUnderWay, lastAtMs = 0 } = await tx.jobs.readHostChange(id, ["apply-host"]);
  if (isUnderWay || inventory.observedAtMs < lastAtMs) return false;
  let isJobMade = false;
  for (const each of news) {
    if (await isNewer(tx, each)) isJobMade = (await settle(parts, tx, each)) || isJobMade;
  }
  return isJobMade;
}

interface News {
  readonly vm: VmRecord;
  readonly verdict: VmVerdict;
  readonly inventory: Inventory;
  /** It shall run again as soon as its host's datapath is there. */
  readonly isWaiting: boolean;
}

/** One that is being started, and whose job has ended all the same, has none yet. */
async function waitsForDatapath(tx: Transaction, vm: VmRecord): Promise<boolean> {
  if (vm.state !== "starting" || vm.job === undefined) return false;
  const job = await tx.jobs.find(vm.job);
  return job !== undefined && isJobEnd(job.state);
}

/** A VM that waits is one that ran, to whoever judges. */
const judge = (vm: VmRecord, inventory: Inventory, isWaiting: boolean): VmVerdict =>
  judgeVm(
    {
      vm: vm.id,
      state: isWaiting ? "running" : vm.state,
      bootId: vm.bootId,
      isAutostarted: vm.spec.autostart === true,
    },
    inventory,
  );

/** Whether the inventory was taken after the VM's last job had ended: both times are the host's. */
async function isNewer(tx: Transaction, { vm, inventory }: News): Promise<boolean> {
  const job = vm.job === undefined ? undefined : await tx.jobs.find(vm.job);
  if (job === undefined) return true;
  return isJobEnd(job.state) && (job.lastEventAtMs ?? 0) <= inventory.observedAtMs;
}

/** A VM that somebody was faster with is left to them. */
async function settle(parts: Seams, tx: Transaction, news: News): Promise<boolean> {
  try {
    return await follow(parts, tx, news);
  } catch (error) {
    if (error instanceof StoreError && error.reason === "ETAG_STALE") return false;
    throw error;
  }
}

async function follow(parts: Seams, tx: Transaction, news: News): Promise<boolean> {
  const { verdict, inventory } = news;
  const { id, etag } = news.vm;
  switch (verdict.kind) {
    case "keep":
      return false;
    case "runs":
      await tx.vms.setBoot(id, inventory.bootId);
      if (verdict.isNews) await tx.vms.setState({ id, etag, state: "running", reason: SEEN });
      return false;
    case "stopped":
      await tx.vms.setState({ id, etag, state: "stopped", reason: verdict.reason });
      return false;
    case "failed":
      await tx.vms.setState({ id, etag, state: "failed", failure: verdict.failure });
      return false;
    case "start":
      return await startAgain(parts, tx, { ...news, reason: verdict.reason });
    default:
      return assertNever(verdict);
  }
}

/** Starts the VM once its host could: a boot takes the datapath away, and the host makes it again by itself. */
async function startAgain(
  parts: Seams,
  tx: Transaction,
  { vm, inventory, isWaiting, reason }: News & { readonly reason: string },
): Promise<boolean> {
  const { id, etag, state } = vm;
  // It may run on another host, where the copy of the database does not have it.
  if ((await tx.freeze.find())?.cause === "restored") return false;
  if (isBlocked(planVmStart(await toDesired(tx, vm), inventory))) {
    const why = `${reason}; ${WAITING}`;
    if (!isWaiting) await tx.vms.setState({ id, etag, state: "starting", reason: why });
    return false;
  }
  await workOnVm(parts, tx, { kind: "start-vm", vm, reason, from: [state] });
  return true;
}
