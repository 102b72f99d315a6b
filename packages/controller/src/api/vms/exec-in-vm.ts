import { sessionError } from "@switchyard/bus";
import {
  DispatchError,
  type ExecRequest,
  PlanningError,
  parseExecOutcome,
} from "@switchyard/model";
import type { ExecInVmResponse } from "@switchyard/proto";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { assertDone, auditVm, readVmAddress } from "./vm-address.ts";

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
  if (!vm.spec.hasGuestAgent) {
    throw new PlanningError("LINT_FAILED", `VM ${id} has no guest agent to run programs`, {
      subject: vmName.format(id),
      found: "has_guest_agent false",
      needs: "a guest that runs qemu-guest-agent",
    });
  }
  const command = argv.join(" ");
  await auditVm(parts, context, { vm: id, action: "vm.exec", details: { argv: command } });
  const { answer, channel } = await parts.dispatch.openExec(address, request);
  assertDone(answer);
  const onLeft = () => channel.end({ reason: undefined, message: "the caller left" });
  context.signal.addEventListener("abort", onLeft, { once: true });
  const end = await channel.ended;
  context.signal.removeEventListener("abort", onLeft);
  const outcome = parseExecOutcome(end.result);
  const details = {
    argv: command,
    result: outcome?.exitCode.toString() ?? end.reason ?? "unknown",
  };
  await auditVm(parts, context, { vm: id, action: "vm.exec-end", details });
  if (end.reason !== undefined) throw sessionError(end);
  if (outcome === undefined) {
    throw new DispatchError("SESSION_LOST", `what came of ${argv[0]} in ${id} is unknown`);
  }
  const { exitCode, stdout, stderr, isTruncated } = outcome;
  return { exitCode, stdout, stderr, truncated: isTruncated };
}
