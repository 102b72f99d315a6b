import { EXEC_LIMITS, FREEZE_LIMITS, InvalidInputError, VM_LOG_LIMITS } from "@switchyard/model";
import type {
  ExecInVmRequest,
  FreezeVmRequest,
  ReadVmLogRequest,
  ThawVmRequest,
  VmServiceService,
} from "@switchyard/proto";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { checkInteger } from "../validation/fields.ts";
import { vmName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { connectConsole } from "../vms/connect-console.ts";
import { execInVm } from "../vms/exec-in-vm.ts";
import { freezeVm, thawVm } from "../vms/freeze-vm.ts";
import { readVmLog } from "../vms/read-vm-log.ts";

const TAIL_BYTES_DEFAULT = 64 * 1024;

function readLogRequest(request: ReadVmLogRequest) {
  const violations = createViolations();
  const vm = violations.parse("name", request.name, vmName.parse);
  const max = VM_LOG_LIMITS.tailBytesMax;
  checkInteger(violations, "tail_bytes", { value: request.tailBytes, min: 0, max });
  violations.assertNone();
  return {
    vm: vm!, // no violations: it was read
    tailBytes: request.tailBytes === 0 ? TAIL_BYTES_DEFAULT : request.tailBytes,
    fromByte: request.fromByte === undefined ? undefined : Number(request.fromByte),
    isFollowing: request.follow,
  };
}

const toMs = (duration: ExecInVmRequest["timeout"]): number | undefined =>
  duration && Number(duration.seconds) * 1000 + Math.ceil(duration.nanos / 1e6);

function readFreeze({ name, maxDuration }: FreezeVmRequest) {
  const violations = createViolations();
  const vm = violations.parse("name", name, vmName.parse);
  const { maxMsDefault, maxMsMin, maxMsMax } = FREEZE_LIMITS;
  const maxMs = toMs(maxDuration) ?? maxMsDefault;
  checkInteger(violations, "max_duration", { value: maxMs, min: maxMsMin, max: maxMsMax });
  violations.assertNone();
  return { vm: vm!, maxMs }; // no violations: it was read
}

function readThaw({ name, freezeId }: ThawVmRequest) {
  const violations = createViolations();
  const vm = violations.parse("name", name, vmName.parse);
  if (freezeId.length > FREEZE_LIMITS.idLengthMax) {
    violations.add("freeze_id", `longer than ${FREEZE_LIMITS.idLengthMax} characters`);
  }
  violations.assertNone();
  return { vm: vm!, id: freezeId === "" ? undefined : freezeId }; // no violations: it was read
}

function readExec(request: ExecInVmRequest) {
  const violations = createViolations();
  const vm = violations.parse("name", request.name, vmName.parse);
  const timeoutMs = toMs(request.timeout) ?? EXEC_LIMITS.timeoutMsDefault;
  const { argumentsMax, argumentBytesMax, timeoutMsMax } = EXEC_LIMITS;
  checkInteger(violations, "timeout", { value: timeoutMs, min: 1, max: timeoutMsMax });
  violations.assertNone();
  const [program, ...args] = request.argv;
  const size = request.argv.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  if (!program || args.length > argumentsMax || size > argumentBytesMax) {
    throw new InvalidInputError("FIELD_INVALID", "argv is no program with its arguments", {
      subject: "argv",
      found: `${request.argv.length} words of ${size} bytes`,
      needs: `a program and at most ${argumentsMax} arguments of together ${argumentBytesMax} bytes`,
    });
  }
  const argv: readonly [string, ...string[]] = [program, ...args];
  return { vm: vm!, argv, timeoutMs }; // no violations: it was read
}

/** What reaches into a VM while the caller waits. */
export const createVmSessionMethods = (parts: ApiParts) =>
  ({
    connectConsole: {
      role: "operator",
      converse: (requests, context) => connectConsole(parts, requests, context),
    },
    readVmLog: {
      role: "viewer",
      stream: (request, context) => readVmLog(parts, readLogRequest(request), context),
    },
    execInVm: {
      role: "operator",
      isLong: true,
      call: (request, context) => execInVm(parts, readExec(request), context),
    },
    freezeVm: {
      role: "operator",
      isLong: true,
      call: (request, context) => freezeVm(parts, readFreeze(request), context),
    },
    thawVm: {
      role: "operator",
      isLong: true,
      call: (request, context) => thawVm(parts, readThaw(request), context),
    },
  }) satisfies Partial<MethodsOf<typeof VmServiceService>>;
