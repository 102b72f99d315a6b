import { killVm, openQmp, queryStatus, readVmProcess } from "@switchyard/host";
import { HostError, vmPaths } from "@switchyard/model";
import { type StepContext, waitUntil } from "../executor.ts";

const END_INTERVAL_MS = 250;
/** Time a process gets to end after `quit`, and again after SIGKILL: guest memory is unpinned meanwhile. */
const END_TIMEOUT_MS = 30_000;

export type VmState = "running" | "paused" | "stopped";

/** `running` only when the process is the VM's own and QEMU says so. */
export async function readVmState(context: StepContext, vm: string): Promise<VmState> {
  const process = await readVmProcess(context.host, vm);
  if (process?.isAlive !== true) return "stopped";
  try {
    const session = await openQmp(context.host, vmPaths(vm).qmpSocket, { clock: context.clock });
    try {
      return (await queryStatus(session)).isRunning ? "running" : "paused";
    } finally {
      session.close();
    }
  } catch (error) {
    // Between two looks it may have ended; what stays and does not talk is not stopped.
    const later = await readVmProcess(context.host, vm);
    if (later?.isAlive !== true) return "stopped";
    throw error;
  }
}

/** Sends one QMP command and puts it into the audit; a VM that closes its socket on it is success. */
export async function sendQmp(context: StepContext, vm: string, command: string): Promise<void> {
  const startedMs = context.clock.monotonicMs();
  const session = await openQmp(context.host, vmPaths(vm).qmpSocket, { clock: context.clock });
  let exitCode = 1;
  try {
    await session.execute(command);
    exitCode = 0;
  } catch (error) {
    if (!(error instanceof HostError) || error.reason !== "VM_NOT_RUNNING") throw error;
    exitCode = 0;
  } finally {
    session.close();
    const durationMs = context.clock.monotonicMs() - startedMs;
    const argv = ["qmp", vm, command];
    context.record({ argv, exitCode, durationMs, outputDigest: "", stderrTail: "" });
  }
}

/** True once the VM's process is gone. */
export const awaitEnd = (context: StepContext, vm: string, timeoutMs: number): Promise<boolean> =>
  waitUntil(context, {
    timeoutMs,
    intervalMs: END_INTERVAL_MS,
    read: async () => (await readVmProcess(context.observer, vm))?.isAlive !== true,
    isDone: (isGone) => isGone,
  });

/**
 * Ends a VM: asks the guest, then QEMU, then the kernel; only ever the process that bears the VM's name.
 *
 * @throws HostError VM_STOP_TIMED_OUT
 */
export async function endVm(context: StepContext, vm: string, graceMs: number): Promise<void> {
  if (graceMs > 0 && (await asked(context, vm, "system_powerdown", graceMs))) return;
  if (await asked(context, vm, "quit", END_TIMEOUT_MS)) return;
  context.say(`${vm} did not end by itself; its process is killed`);
  await killVm(context.host, vm);
  if (await awaitEnd(context, vm, END_TIMEOUT_MS)) return;
  const process = await readVmProcess(context.observer, vm);
  throw new HostError("VM_STOP_TIMED_OUT", `${vm} did not end`, {
    found: `process ${process?.pid ?? "unknown"}`,
    try: "Look at the process on the host: it may hang in the kernel",
  });
}

async function asked(
  context: StepContext,
  vm: string,
  command: string,
  timeoutMs: number,
): Promise<boolean> {
  try {
    await sendQmp(context, vm, command);
  } catch (error) {
    context.say(`${vm} did not take ${command}: ${error instanceof Error ? error.message : error}`);
    return await awaitEnd(context, vm, 0);
  }
  return await awaitEnd(context, vm, timeoutMs);
}
