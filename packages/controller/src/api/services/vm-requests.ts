import { parseIpv4Address, parseVmId } from "@switchyard/model";
import type {
  BatchCreateVmsRequest,
  CreateVmRequest,
  PingFromVmRequest,
  StopVmRequest,
  UpdateVmRequest,
} from "@switchyard/proto";
import { VMS_PER_CALL_MAX } from "../../placement/place-call.ts";
import type { VmDraft } from "../../placement/plan-drafts.ts";
import { checkInteger, checkRequestId } from "../validation/fields.ts";
import { vmName } from "../validation/names.ts";
import { createViolations, type Violations } from "../validation/violations.ts";
import { readVmSpec } from "../validation/vm.ts";
import { VM_FIELDS, type VmField, type VmUpdate } from "../vms/update-vm.ts";
import type { VmChoice } from "../vms/work-on-vm.ts";

/*
 * What the calls of VmService ask for, checked. Each throws InvalidInputError FIELD_INVALID with everything that is
 * wrong.
 */

const PING_COUNT_DEFAULT = 3;
const PING_COUNT_MAX = 100;

/** Time a guest gets to power off where the caller names none. */
const GRACE_DEFAULT_MS = 30_000;
const GRACE_MIN_MS = 1_000;
/** A job that waits longer than this holds its VM's lane for no good. */
const GRACE_MAX_MS = 3_600_000;

/** Of CreateVm and ExplainPlacement. */
export function readCreate(
  request: Pick<CreateVmRequest, "vmId" | "vm"> & { readonly requestId?: string },
): VmDraft {
  const violations = createViolations();
  checkRequestId(request.requestId ?? "", violations);
  const id = violations.parse("vm_id", request.vmId, parseVmId);
  const spec = readVmSpec(request.vm?.spec, violations.at("vm.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

export function readBatch(request: BatchCreateVmsRequest): readonly VmDraft[] {
  const { vmIds, requestId } = request;
  const violations = createViolations();
  checkRequestId(requestId, violations);
  const isCounted = vmIds.length >= 1 && vmIds.length <= VMS_PER_CALL_MAX;
  violations.check(isCounted, "vm_ids", `must be 1 to ${VMS_PER_CALL_MAX} names`);
  violations.check(new Set(vmIds).size === vmIds.length, "vm_ids", "must name each VM once");
  const ids = vmIds
    .slice(0, VMS_PER_CALL_MAX)
    .map((id, at) => violations.parse(`vm_ids[${at}]`, id, parseVmId));
  const spec = readVmSpec(request.vm?.spec, violations.at("vm.spec"));
  violations.assertNone();
  return ids.map((id) => ({ id: id!, spec: spec! })); // no violations: all were read
}

function readGrace(
  { gracePeriod, force }: Pick<StopVmRequest, "gracePeriod" | "force">,
  violations: Violations,
): number {
  if (gracePeriod === undefined) return force ? 0 : GRACE_DEFAULT_MS;
  if (force) violations.add("grace_period", "excludes force, which grants none");
  const ms = Number(gracePeriod.seconds) * 1000 + Math.round(gracePeriod.nanos / 1e6);
  const isIn = ms >= GRACE_MIN_MS && ms <= GRACE_MAX_MS;
  violations.check(isIn, "grace_period", "must be 1 second to 1 hour");
  return ms;
}

/** Of StopVm and RebootVm, which ask for the same. */
export function readStop(
  request: Pick<StopVmRequest, "name" | "etag" | "requestId" | "gracePeriod" | "force">,
): VmChoice & { readonly gracePeriodMs: number } {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("name", request.name, vmName.parse);
  const gracePeriodMs = readGrace(request, violations);
  violations.assertNone();
  return { id: id!, etag: request.etag, gracePeriodMs }; // no violations: it was parsed
}

const isVmField = (path: string): path is VmField =>
  (VM_FIELDS as readonly string[]).includes(path);

export function readUpdate({ vm, updateMask, requestId }: UpdateVmRequest): VmUpdate {
  const violations = createViolations();
  checkRequestId(requestId, violations);
  const id = violations.parse("vm.name", vm?.name ?? "", vmName.parse);
  const paths = updateMask ?? [];
  violations.check(
    paths.length > 0,
    "update_mask",
    `must name what changes of ${VM_FIELDS.join(", ")}`,
  );
  for (const path of paths) {
    violations.check(isVmField(path), "update_mask", `"${path}" can't be updated`);
  }
  violations.check(vm?.spec !== undefined, "vm.spec", "is required");
  violations.assertNone();
  // No violations: the VM is there with name and spec.
  return { id: id!, etag: vm!.etag, spec: vm!.spec!, fields: paths.filter(isVmField) };
}

export function readPing(request: PingFromVmRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const vm = violations.parse("name", request.name, vmName.parse);
  const target = violations.parse("target", request.target, parseIpv4Address);
  checkInteger(violations, "count", { value: request.count, min: 0, max: PING_COUNT_MAX });
  violations.assertNone();
  const count = request.count === 0 ? PING_COUNT_DEFAULT : request.count;
  return { vm: vm!, target: target!, count }; // no violations: both were read
}
