import { killVm, readVmProcess } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import { findRuntime } from "../../vm-runtime/find-runtime.ts";
import type { VmState } from "../../vm-runtime/vm-runtime.ts";
import { type StepContext, waitUntil } from "../executor.ts";

export type { VmState } from "../../vm-runtime/vm-runtime.ts";

const END_INTERVAL_MS = 250;
/** Time a process gets to end after it was told to, and again after SIGKILL: guest memory is unpinned meanwhile. */
const END_TIMEOUT_MS = 30_000;

/** As the VM's runtime sees it. */
export const readVmState = async (context: StepContext, vm: string): Promise<VmState> =>
  (await findRuntime(context.host, vm)).readState(context, vm);

/** True once the VM's process is gone. */
export const awaitEnd = (context: StepContext, vm: string, timeoutMs: number): Promise<boolean> =>
  waitUntil(context, {
    timeoutMs,
    intervalMs: END_INTERVAL_MS,
    read: async () => (await readVmProcess(context.observer, vm))?.isAlive !== true,
    isDone: (isGone) => isGone,
  });

/**
 * Ends a VM: asks the guest, then its runtime, then the kernel; only ever the process that bears the VM's name.
 *
 * @throws HostError VM_STOP_TIMED_OUT
 */
export async function endVm(context: StepContext, vm: string, graceMs: number): Promise<void> {
  const runtime = await findRuntime(context.host, vm);
  if (graceMs > 0) {
    const powerDown = () => runtime.powerDown(context, vm);
    if (await asked(context, vm, { ask: powerDown, what: "powerdown", timeoutMs: graceMs })) return;
  }
  const end = () => runtime.end(context, vm);
  if (await asked(context, vm, { ask: end, what: "quit", timeoutMs: END_TIMEOUT_MS })) return;
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
  request: {
    readonly ask: () => Promise<void>;
    readonly what: string;
    readonly timeoutMs: number;
  },
): Promise<boolean> {
  const { ask, what, timeoutMs } = request;
  try {
    await ask();
  } catch (error) {
    context.say(`${vm} did not take ${what}: ${error instanceof Error ? error.message : error}`);
    return await awaitEnd(context, vm, 0);
  }
  return await awaitEnd(context, vm, timeoutMs);
}
