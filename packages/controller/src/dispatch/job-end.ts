import {
  assertNever,
  type HostDesired,
  type HostId,
  type ImageId,
  type JobFailure,
  type JobSpec,
  type PciAddress,
  type VmState,
} from "@switchyard/model";
import type {
  JobEndEffects,
  JobRecord,
  SlotRecord,
  Transaction,
  VmRecord,
} from "@switchyard/store";
import { failureOfEnd } from "../api/jobs/failure-of.ts";
import { noteFence } from "../api/moves/fence.ts";

/**
 * What follows from jobs that ended, in the transaction that ends them:
 *
 * - seal-vm, receive-vm, clear-vm, and those of live moves: nothing for the VM, which is its move's meanwhile.
 * - fence-host: the other host is fenced.
 * - start-vm, reboot-vm: the VM runs, or has failed.
 * - stop-vm: the VM is stopped and keeps what it took, or has failed; the host's inventory says whether it runs.
 * - fetch-image, start-vm, reboot-vm, receive-vm, await-vm: the image is in the host's cache, or is not.
 * - delete-vm: the VM is gone and slot, MAC and address are given back; or it has failed and can be
 *   deleted again.
 * - apply-host: the host is at the generation that was applied; what it no longer needs is given back. A
 *   failed one changes nothing, because what the host is like is the inventory's word.
 *
 * May run twice. A VM that a later job acts on is left to that job.
 */
export const settleEndedJobs: JobEndEffects = async (tx, ended) => {
  for (const job of ended) await settle(tx, job, job.spec);
};

async function settle(tx: Transaction, job: JobRecord, spec: JobSpec): Promise<void> {
  switch (spec.kind) {
    case "noop":
    case "ping-vm":
    case "seal-vm":
    case "clear-vm":
    case "migrate-vm":
    case "resume-vm":
    case "keep-vm":
      return;
    case "receive-vm":
    case "await-vm":
      if (spec.vm.image !== undefined) await settleCopy(tx, job, spec.vm.image.image);
      return;
    case "fence-host":
      return settleFence(tx, job, spec.host);
    case "fetch-image":
      return settleCopy(tx, job, spec.image.image);
    case "start-vm":
    case "reboot-vm":
      if (spec.vm.image !== undefined) await settleCopy(tx, job, spec.vm.image.image);
      return settleStart(tx, job, await ownVm(tx, job, { id: spec.vm.vm, state: "starting" }));
    case "stop-vm":
      return settleStop(tx, job, await ownVm(tx, job, { id: spec.vm.vm, state: "stopping" }));
    case "delete-vm":
      return settleDelete(tx, job, await ownVm(tx, job, { id: spec.vm.vm, state: "deleting" }));
    case "apply-host":
      if (job.state === "succeeded") await settleApply(tx, spec.desired);
      return;
    default:
      assertNever(spec);
  }
}

/** The host is seen to be off; whoever asked the BMC says so. */
async function settleFence(tx: Transaction, job: JobRecord, host: HostId): Promise<void> {
  if (job.state !== "succeeded") return;
  const evidence = `job ${job.id} on ${job.host}: its BMC says that the power is off`;
  await noteFence(tx, host, { actor: job.actor, evidence, atMs: job.endedAtMs ?? job.createdAtMs });
}

/** The step that brings an image, at the end of its id. */
const IMAGE_STEP = /-ensureImage$/;

/** A job that failed after its image had come leaves the image where it is. */
async function settleCopy(tx: Transaction, job: JobRecord, image: ImageId): Promise<void> {
  const failure = failureOf(job);
  const isBefore = failure.step === undefined || IMAGE_STEP.test(failure.step);
  const hasFailed = job.state !== "succeeded" && isBefore;
  const { id, host } = job;
  const state = hasFailed ? "failed" : "cached";
  await tx.images.setCopy({
    image,
    host,
    state,
    job: id,
    failure: hasFailed ? failure : undefined,
  });
}

/** The VM that waits in `state` for this job; another job, or the loss of its host, may have taken it over. */
async function ownVm(
  tx: Transaction,
  job: JobRecord,
  waiting: { readonly id: VmRecord["id"]; readonly state: VmState },
): Promise<VmRecord | undefined> {
  const vm = await tx.vms.find(waiting.id);
  return vm?.job === job.id && vm.state === waiting.state ? vm : undefined;
}

async function settleStart(
  tx: Transaction,
  job: JobRecord,
  vm: VmRecord | undefined,
): Promise<void> {
  if (vm === undefined) return;
  if (job.state === "succeeded") await tx.vms.setState({ id: vm.id, state: "running" });
  else await markFailed(tx, job, vm);
}

async function settleStop(
  tx: Transaction,
  job: JobRecord,
  vm: VmRecord | undefined,
): Promise<void> {
  if (vm === undefined) return;
  if (job.state === "succeeded") await tx.vms.setState({ id: vm.id, state: "stopped" });
  else await markFailed(tx, job, vm);
}

async function settleDelete(
  tx: Transaction,
  job: JobRecord,
  vm: VmRecord | undefined,
): Promise<void> {
  if (vm === undefined) return;
  if (job.state === "succeeded") await tx.vms.release(vm.id);
  else await markFailed(tx, job, vm);
}

const markFailed = (tx: Transaction, job: JobRecord, vm: VmRecord): Promise<VmRecord> =>
  tx.vms.setState({ id: vm.id, state: "failed", failure: failureOf(job) });

const failureOf = (job: JobRecord): JobFailure => failureOfEnd({ ...job, step: job.currentStep });

async function settleApply(tx: Transaction, desired: HostDesired): Promise<void> {
  const { host, generation, profile, datapath } = desired;
  await tx.hosts.setApplied({
    id: host,
    generation,
    profile: datapath === undefined ? undefined : profile,
    desired: datapath === undefined ? undefined : withoutOnce(desired),
  });
  const slots = await tx.hosts.listSlots(host);
  const kept = new Set((datapath?.slots ?? []).map((slot) => slot.mac));
  for (const { pf, fromIndex } of unneeded(slots, (slot) => kept.has(slot.mac))) {
    await tx.hosts.releaseSlots({ host, pf, fromIndex });
  }
  if (datapath === undefined) await tx.hosts.releaseBridgeAddresses(host);
}

/** What belongs to the job and not to what the host shall go on being. */
function withoutOnce({ reboot: _, vmPolicy: __, ...lasting }: HostDesired): HostDesired {
  return lasting;
}

/** Per PF, from which index on no slot is wanted or held by a VM. */
function unneeded(
  slots: readonly SlotRecord[],
  isWanted: (slot: SlotRecord) => boolean,
): readonly { readonly pf: PciAddress; readonly fromIndex: number }[] {
  const needed = new Map<PciAddress, number>();
  const last = new Map<PciAddress, number>();
  for (const slot of slots) {
    const isNeeded = slot.vm !== undefined || isWanted(slot);
    const beyond = isNeeded ? slot.vfIndex + 1 : 0;
    needed.set(slot.pf, Math.max(needed.get(slot.pf) ?? 0, beyond));
    last.set(slot.pf, Math.max(last.get(slot.pf) ?? 0, slot.vfIndex));
  }
  return [...needed]
    .filter(([pf, fromIndex]) => fromIndex <= (last.get(pf) ?? -1))
    .map(([pf, fromIndex]) => ({ pf, fromIndex }));
}
