import { EXEC_LIMITS, InvalidInputError, VM_LOG_LIMITS } from "@switchyard/model";
import type { ExecInVmRequest, ReadVmLogRequest, VmServiceService } from "@switchyard/proto";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { checkInteger } from "../validation/fields.ts";
import { vmName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { connectConsole } from "../vms/connect-console.ts";
import { execInVm } from "../vms/exec-in-vm.ts";
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

function readExec(request: ExecInVmRequest) {
  const violations = createViolations();
  const vm = violations.parse("name", request.name, vmName.parse);
  const { timeout } = request;
  const timeoutMs =
    timeout === undefined
      ? EXEC_LIMITS.timeoutMsDefault
      : Number(timeout.seconds) * 1000 + Math.ceil(timeout.nanos / 1e6);
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
  }) satisfies Partial<MethodsOf<typeof VmServiceService>>;
