import { StoreError, statesBefore, type VmId, type VmState } from "@switchyard/model";
import type { Transaction, VmRecord } from "@switchyard/store";
import { noteFetch } from "../images/fetch-image.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { createVmJob, type VmWork } from "./vm-jobs.ts";

/** The state in which a VM waits for its job's end. */
const WAITS_IN = {
  "start-vm": "starting",
  "reboot-vm": "starting",
  "stop-vm": "stopping",
  "delete-vm": "deleting",
} as const satisfies Readonly<Record<VmWork["kind"], VmState>>;

/** States from which the work may be asked for, where they are fewer than those that lead to its own. */
const ASKED_FROM: Partial<Record<VmWork["kind"], readonly VmState[]>> = {
  "start-vm": ["stopped", "failed"],
  "reboot-vm": ["running"],
};

export interface VmChoice {
  readonly id: VmId;
  /** Empty is not compared. */
  readonly etag: string;
}

/** @throws StoreError VM_NOT_FOUND, ETAG_STALE */
export async function chooseVm(
  tx: Pick<Transaction, "vms">,
  { id, etag }: VmChoice,
): Promise<VmRecord> {
  const vm = await tx.vms.get(id);
  if (etag === "" || etag === vm.etag) return vm;
  throw new StoreError("ETAG_STALE", `VM ${id} changed since it was read`, {
    subject: vmName.format(id),
    found: `etag ${vm.etag}`,
    needs: `etag ${etag}`,
  });
}

/** @throws StoreError VM_STATE_CONFLICT */
export function requireState(vm: VmRecord, states: readonly VmState[], what: string): void {
  if (states.includes(vm.state)) return;
  throw new StoreError("VM_STATE_CONFLICT", `VM ${vm.id} is ${vm.state} and can't be ${what}`, {
    subject: vmName.format(vm.id),
    found: `state ${vm.state}`,
    needs: `state ${states.join(" or ")}`,
  });
}

const DONE_WITH = {
  "start-vm": "started",
  "reboot-vm": "rebooted",
  "stop-vm": "stopped",
  "delete-vm": "deleted",
} as const satisfies Readonly<Record<VmWork["kind"], string>>;

/**
 * Makes the job that does the work, and has the VM wait for its end. One at a time: a VM that waits for another
 * job is refused, but for deletion.
 *
 * @param wanted.reason why, where nobody asked for it
 * @param wanted.from   states from which it may be done; left out: those from which people may ask for it
 * @throws StoreError VM_STATE_CONFLICT
 */
export async function workOnVm(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  wanted: VmWork & {
    readonly vm: VmRecord;
    readonly reason?: string;
    readonly from?: readonly VmState[];
  },
): Promise<VmRecord> {
  const { reason, from, ...work } = wanted;
  const { vm, kind } = work;
  const state = WAITS_IN[kind];
  requireState(vm, from ?? ASKED_FROM[kind] ?? statesBefore(state), DONE_WITH[kind]);
  const job = await createVmJob(parts, tx, work);
  const { boot } = vm.spec;
  if (state === "starting" && boot.kind === "image")
    await noteFetch(tx, { image: boot.image, job });
  return tx.vms.setState({ id: vm.id, state, etag: vm.etag, job: job.id, reason });
}
