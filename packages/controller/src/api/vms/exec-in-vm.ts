import type { ExecRequest } from "@switchyard/model";
import type { ExecInVmResponse } from "@switchyard/proto";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { runInVm } from "./run-in-vm.ts";
import { auditVm, readVmAddress, requireGuestAgent } from "./vm-address.ts";

/**
 * Runs a program in a guest and waits for its end, with its arguments and exit code in the audit. Not repeated:
 * where the way to the host breaks, the program may go on unseen.
 *
 * @throws StoreError VM_NOT_FOUND; PlanningError LINT_FAILED for a guest without agent; DispatchError
 *   HOST_UNREACHABLE, SESSION_LOST and what the guest agent answered
 */
export async function execInVm(
  parts: ApiParts,
  request: ExecRequest,
  context: CallContext,
): Promise<ExecInVmResponse> {
  const { vm: id, argv } = request;
  const { vm, address } = await readVmAddress(parts, id);
  requireGuestAgent(vm, "run programs");
  const command = argv.join(" ");
  await auditVm(parts, context, { vm: id, action: "vm.exec", details: { argv: command } });
  const end = await runInVm(parts.dispatch, { address, request }, context.signal);
  const details = {
    argv: command,
    result: end.outcome?.exitCode.toString() ?? end.error?.reason ?? "unknown",
  };
  await auditVm(parts, context, { vm: id, action: "vm.exec-end", details });
  if (end.error !== undefined) throw end.error;
  const { exitCode, stdout, stderr, isTruncated } = end.outcome;
  return { exitCode, stdout, stderr, truncated: isTruncated };
}
