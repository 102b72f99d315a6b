import { sessionError } from "@switchyard/bus";
import {
  DispatchError,
  type ExecOutcome,
  type ExecRequest,
  parseExecOutcome,
} from "@switchyard/model";
import type { HostAddress, HostCommands } from "../../dispatch/host-commands.ts";
import { assertDone } from "./vm-address.ts";

/** How a program's session ended: with what came of the program, or with why nobody knows. */
export type ProgramEnd =
  | { readonly outcome: ExecOutcome; readonly error?: never }
  | { readonly outcome?: never; readonly error: DispatchError };

/**
 * Runs a program in a guest to its end, or to the caller's leaving.
 *
 * @throws DispatchError HOST_UNREACHABLE and what the agent answered, where it did not begin
 */
export async function runInVm(
  dispatch: Pick<HostCommands, "openExec">,
  program: {
    readonly address: HostAddress;
    readonly request: ExecRequest;
    /** Called once the agent has taken it on. */
    readonly onTaken?: () => void;
  },
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const { address, request, onTaken } = program;
  const { answer, channel } = await dispatch.openExec(address, request);
  assertDone(answer);
  onTaken?.();
  const onLeft = () => channel.end({ reason: undefined, message: "the caller left" });
  signal.addEventListener("abort", onLeft, { once: true });
  if (signal.aborted) onLeft();
  const end = await channel.ended;
  signal.removeEventListener("abort", onLeft);
  if (end.reason !== undefined) return { error: sessionError(end) };
  const outcome = parseExecOutcome(end.result);
  if (outcome !== undefined) return { outcome };
  const lost = `what came of ${request.argv[0]} in ${request.vm} is unknown`;
  return { error: new DispatchError("SESSION_LOST", lost) };
}
