import type { CommandAnswer } from "@switchyard/bus";
import { DispatchError, PlanningError, type VmId } from "@switchyard/model";
import type { HostRecord, VmRecord } from "@switchyard/store";
import type { HostAddress } from "../../dispatch/host-commands.ts";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";

/** A VM with the host that it is on. */
export interface VmAddress {
  readonly vm: VmRecord;
  readonly host: HostRecord;
  readonly address: HostAddress;
}

/** @throws StoreError VM_NOT_FOUND */
export async function readVmAddress({ store }: ApiParts, id: VmId): Promise<VmAddress> {
  const vm = await store.reads.vms.get(id);
  const host = await store.reads.hosts.get(vm.allocation.host);
  return { vm, host, address: { host: host.id, hostEpoch: host.hostEpoch } };
}

/**
 * @param what what it is needed for: `send pings`
 * @throws PlanningError LINT_FAILED for a guest without agent
 */
export function requireGuestAgent({ id, spec }: VmRecord, what: string): void {
  if (spec.hasGuestAgent) return;
  throw new PlanningError("LINT_FAILED", `VM ${id} has no guest agent to ${what}`, {
    subject: vmName.format(id),
    found: "has_guest_agent false",
    needs: "a guest that runs qemu-guest-agent",
  });
}

/** @throws DispatchError with the agent's reason, where it refused */
export function assertDone({ isDone, reason, message, metadata }: CommandAnswer): void {
  if (isDone) return;
  throw new DispatchError(reason ?? "HOST_UNREACHABLE", message, { ...metadata });
}

/** Writes down what was done to a VM in the name of the caller; never what was seen or typed. */
export async function auditVm(
  parts: ApiParts,
  { caller, callId }: CallContext,
  entry: {
    readonly vm: VmId;
    readonly action: string;
    readonly details: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { vm, action, details } = entry;
  await parts.store.transaction({ actor: caller.name, requestId: callId }, async (tx) =>
    tx.events.record({ action, resource: vmName.format(vm), details }),
  );
  parts.events.wake();
}
