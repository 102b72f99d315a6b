import { openQmp, type QmpSession } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";

/**
 * Speaks with a VM's QEMU over one connection, which nobody else gets meanwhile. What changes something is in the
 * job's audit.
 *
 * @throws HostError VM_NOT_RUNNING; CommandError COMMAND_TIMED_OUT; what the work throws
 */
export async function withQmp<Result>(
  context: StepContext,
  vm: string,
  work: (session: QmpSession) => Promise<Result>,
): Promise<Result> {
  const { clock } = context;
  const session = await openQmp(context.host, vmPaths(vm).qmpSocket, { clock });
  try {
    return await work(recorded(context, vm, session));
  } finally {
    session.close();
  }
}

function recorded(context: StepContext, vm: string, session: QmpSession): QmpSession {
  const { clock, record } = context;
  return {
    ...session,
    execute: async (command, args, timeoutMs) => {
      if (command.startsWith("query-")) return session.execute(command, args, timeoutMs);
      const startedMs = clock.monotonicMs();
      let exitCode = 1;
      try {
        const answer = await session.execute(command, args, timeoutMs);
        exitCode = 0;
        return answer;
      } finally {
        const durationMs = clock.monotonicMs() - startedMs;
        const argv = ["qmp", vm, command];
        record({ argv, exitCode, durationMs, outputDigest: "", stderrTail: "" });
      }
    },
  };
}
