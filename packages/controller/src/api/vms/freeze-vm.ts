import {
  DispatchError,
  type FrozenFileSystems,
  PlanningError,
  type ThawRequest,
  type VmId,
} from "@switchyard/model";
import type { FreezeVmResponse, ThawVmResponse } from "@switchyard/proto";
import { newUuid } from "@switchyard/runtime";
import type { VmRecord } from "@switchyard/store";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { assertDone, auditVm, readVmAddress, requireGuestAgent } from "./vm-address.ts";
import { requireState } from "./work-on-vm.ts";

/** States in which a job has the VM. */
const AT_WORK: readonly VmRecord["state"][] = ["starting", "stopping", "moving", "deleting"];

/** @throws PlanningError VM_NOT_RUNNING; StoreError VM_STATE_CONFLICT while a job has it */
function requireRunning(vm: VmRecord): void {
  if (AT_WORK.includes(vm.state)) requireState(vm, ["running"], "frozen");
  if (vm.state === "running") return;
  throw new PlanningError("VM_NOT_RUNNING", `VM ${vm.id} is ${vm.state} and can't be frozen`, {
    subject: vmName.format(vm.id),
    found: `state ${vm.state}`,
    needs: "state running",
  });
}

const frozenOf = (vm: VmId, frozen: FrozenFileSystems | undefined): FrozenFileSystems => {
  if (frozen !== undefined) return frozen;
  throw new DispatchError("HOST_UNREACHABLE", `the agent of ${vm} did not say what it did`);
};

/**
 * Has a guest frozen by its host, which thaws it at the limit. Where the caller left meanwhile, or nobody knows what
 * came of it, the host is told to thaw it; that it does so at the limit holds without that, too.
 *
 * @throws StoreError VM_NOT_FOUND, VM_STATE_CONFLICT; PlanningError VM_NOT_RUNNING, LINT_FAILED for a guest without
 *   agent; DispatchError HOST_UNREACHABLE, GUEST_FROZEN and what the guest agent answered
 */
export async function freezeVm(
  parts: ApiParts,
  { vm: id, maxMs }: { readonly vm: VmId; readonly maxMs: number },
  context: CallContext,
): Promise<FreezeVmResponse> {
  const { vm, address } = await readVmAddress(parts, id);
  requireRunning(vm);
  requireGuestAgent(vm, "freeze it");
  const freeze = newUuid(parts.clock, parts.random);
  const details = { freeze, seconds: String(maxMs / 1000) };
  await auditVm(parts, context, { vm: id, action: "vm.freeze", details });
  const thawAgain = () =>
    void parts.dispatch.thaw(address, { vm: id, id: freeze }).catch(() => undefined);
  const answer = await parts.dispatch
    .freeze(address, { vm: id, id: freeze, maxMs })
    .catch((error: unknown) => {
      thawAgain();
      throw error;
    });
  if (context.signal.aborted) thawAgain();
  assertDone(answer);
  const { count, thawAtMs } = frozenOf(id, answer.frozen);
  return {
    freezeId: freeze,
    fileSystemCount: count,
    thawTime: thawAtMs === undefined ? undefined : new Date(thawAtMs),
  };
}

/**
 * Ends a freeze. May run twice.
 *
 * @throws StoreError VM_NOT_FOUND; DispatchError HOST_UNREACHABLE, GUEST_NOT_THAWED
 */
export async function thawVm(
  parts: ApiParts,
  request: ThawRequest,
  context: CallContext,
): Promise<ThawVmResponse> {
  const { vm: id, id: freeze = "" } = request;
  const { address } = await readVmAddress(parts, id);
  const answer = await parts.dispatch.thaw(address, request);
  const result = answer.frozen?.count.toString() ?? answer.reason ?? "unknown";
  const details = { ...(freeze !== "" && { freeze }), result };
  await auditVm(parts, context, { vm: id, action: "vm.thaw", details });
  assertDone(answer);
  return { fileSystemCount: frozenOf(id, answer.frozen).count };
}
