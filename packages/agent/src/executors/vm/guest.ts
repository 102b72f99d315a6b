import { createHash } from "node:crypto";
import { type GuestExecResult, guestExec } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/** Runs a program in a VM's guest and puts it into the job's audit as `guest VM PROGRAM …`. */
export async function runInGuest(
  context: StepContext,
  vm: string,
  command: {
    readonly argv: readonly [program: string, ...args: string[]];
    readonly timeoutMs: number;
  },
): Promise<GuestExecResult> {
  const { argv, timeoutMs } = command;
  const startedMs = context.clock.monotonicMs();
  const { guestAgentSocket } = vmPaths(vm);
  const record = (result: GuestExecResult | undefined) =>
    context.record({
      argv: ["guest", vm, ...argv],
      exitCode: result?.exitCode,
      durationMs: context.clock.monotonicMs() - startedMs,
      outputDigest: createHash("sha256")
        .update(result?.stdout ?? "")
        .update(result?.stderr ?? "")
        .digest("hex"),
      stderrTail: result === undefined || result.exitCode === 0 ? "" : result.stderr.slice(-2048),
    });
  try {
    const { clock } = context;
    const result = await guestExec(context.observer, guestAgentSocket, argv, { timeoutMs, clock });
    record(result);
    return result;
  } catch (error) {
    record(undefined);
    throw error;
  }
}
