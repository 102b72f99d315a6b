import { assertNever, type JobFailure, type VmId } from "@switchyard/model";
import type { JobRecord } from "../jobs/job-record.ts";
import type { Transaction } from "../store.ts";

/** What a VM shows as failure where its job ended without one of its own. */
const failureOf = (job: JobRecord): JobFailure =>
  job.failure ?? {
    reason: job.state === "expired" ? "JOB_EXPIRED" : "JOB_CANCELLED",
    message: `job ${job.id} ended as ${job.state}`,
    metadata: { job: job.id },
    step: job.currentStep,
  };

/** A later job of the VM counts more than this one. */
async function actsOnVm(tx: Transaction, job: JobRecord, vm: VmId): Promise<boolean> {
  const record = await tx.vms.find(vm);
  return record !== undefined && (record.job === undefined || record.job === job.id);
}

async function settleVm(tx: Transaction, job: JobRecord, vm: VmId): Promise<void> {
  if (!(await actsOnVm(tx, job, vm))) return;
  if (job.state !== "succeeded") {
    await tx.vms.setState({ id: vm, state: "failed", failure: failureOf(job) });
  } else if (job.kind === "delete-vm") await tx.vms.release(vm);
  else if (job.kind === "stop-vm") await tx.vms.setState({ id: vm, state: "stopped" });
  else await tx.vms.setState({ id: vm, state: "running" });
}

/** One job's consequences in Postgres. */
async function settle(tx: Transaction, job: JobRecord): Promise<void> {
  const { spec } = job;
  switch (spec.kind) {
    case "start-vm":
    case "stop-vm":
    case "reboot-vm":
    case "delete-vm":
      return settleVm(tx, job, spec.vm.vm);
    case "apply-host": {
      if (job.state !== "succeeded") return;
      const { host, generation, profile, datapath } = spec.desired;
      const isBare = datapath === undefined;
      await tx.hosts.setApplied({
        id: host,
        generation,
        profile: isBare ? undefined : profile,
        desired: isBare ? undefined : spec.desired,
      });
      if (!isBare) return;
      await tx.hosts.releaseSlots({ host });
      return tx.hosts.releaseBridgeAddresses(host);
    }
    case "seal-vm":
    case "receive-vm":
    case "await-vm":
    case "migrate-vm":
    case "resume-vm":
    case "keep-vm":
    case "clear-vm":
    case "fence-host":
    case "fetch-image":
    case "ping-vm":
    case "noop":
      return;
    default:
      return assertNever(spec);
  }
}

/**
 * Moves VMs and hosts as their jobs ended: a started VM runs, a deleted one is gone and gives back what it
 * took, a failed job fails its VM, an applied plan is recorded, a torn down host gives back its slots.
 */
export async function settleJobEnds(tx: Transaction, ended: readonly JobRecord[]): Promise<void> {
  for (const job of ended) await settle(tx, job);
}
