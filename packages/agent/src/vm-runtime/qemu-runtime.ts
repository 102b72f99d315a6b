import { openQmp, queryStatus, readVmProcess, startQemu, type VmProcess } from "@switchyard/host";
import { HostError, SwitchyardError, type VmProcessState, vmPaths } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";
import type { Look, VmHealth, VmRuntime, VmState } from "./vm-runtime.ts";

/** A job may hold the VM's only QMP connection; the inventory does not wait for it. */
const QMP_TIMEOUT_MS = 2000;

async function readState(context: StepContext, vm: string): Promise<VmState> {
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
async function sendQmp(context: StepContext, vm: string, command: string): Promise<void> {
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

/** @see qemu/qemu qapi/run-state.json, RunState */
const FAILED_STATUSES = ["internal-error", "io-error", "guest-panicked", "watchdog"];
const stateOf = (status: string): VmProcessState =>
  FAILED_STATUSES.includes(status) ? "failed" : status === "shutdown" ? "stopped" : "paused";

/** QEMU removes its pid file when it ends in order; one left behind tells of a kill or a crash. */
async function observe(look: Look, vm: string, process: VmProcess | undefined): Promise<VmHealth> {
  if (process === undefined) return { state: "stopped", reason: undefined };
  if (!process.isAlive) {
    return { state: "failed", reason: `process ${process.pid} ended without a word` };
  }
  const { host, clock } = look;
  try {
    const timeoutMs = QMP_TIMEOUT_MS;
    const session = await openQmp(host, vmPaths(vm).qmpSocket, { clock, timeoutMs });
    try {
      const { status, isRunning } = await queryStatus(session);
      const reason = status === "running" ? undefined : status;
      return { state: isRunning ? "running" : stateOf(status), reason };
    } finally {
      session.close();
    }
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    return { state: "running", reason: error.message };
  }
}

/** QEMU started by the agent and spoken to over QMP. */
export const qemuRuntime: VmRuntime = {
  kind: "qemu",
  readState,
  start: (context, options) => startQemu(context.host, options),
  resume: (context, vm) => sendQmp(context, vm, "cont"),
  powerDown: (context, vm) => sendQmp(context, vm, "system_powerdown"),
  end: (context, vm) => sendQmp(context, vm, "quit"),
  observe,
};
