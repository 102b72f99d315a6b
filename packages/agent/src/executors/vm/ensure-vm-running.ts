import { HostError, runtimeOf, vmPaths } from "@switchyard/model";
import { clearVm, findRuntime } from "../../vm-runtime/find-runtime.ts";
import type { VmState } from "../../vm-runtime/vm-runtime.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { startVm } from "./start-vm.ts";
import { endVm, readVmState } from "./vm-process.ts";

const RUNNING_TIMEOUT_MS = 30_000;
const RUNNING_INTERVAL_MS = 250;

async function awaitRunning(context: StepContext, vm: string): Promise<void> {
  const state = await waitUntil(context, {
    timeoutMs: RUNNING_TIMEOUT_MS,
    intervalMs: RUNNING_INTERVAL_MS,
    read: () => readVmState(context, vm),
    isDone: (seen) => seen !== "paused",
  });
  if (state === "running") return;
  throw new HostError("VM_START_FAILED", `${vm} started and does not run`, {
    found: state,
    needs: "running",
    try: `Read ${vmPaths(vm).serialLog} on the host`,
  });
}

/** A VM of this name that runs already is taken as it is: its process outlives the agent that started it. */
export const ensureVmRunning = ensure<"ensureVmRunning", { readonly state: VmState }>({
  read: async (context, { vm }) => ({ state: await readVmState(context, vm.vm) }),
  isSatisfied: ({ state }) => state === "running",
  apply: async (context, args, { state }) => {
    const { vm } = args;
    const runtime = await findRuntime(context.host, vm.vm);
    if (state === "paused") await runtime.resume(context, vm.vm);
    else {
      if (runtime.kind !== runtimeOf(vm.spec)) await clearVm(context, vm.vm);
      await startVm(context, args);
    }
    await awaitRunning(context, vm.vm);
  },
  undo: async (context, { vm }, before) => {
    if (before.state !== "stopped") return;
    if ((await readVmState(context, vm.vm)) !== "stopped") await endVm(context, vm.vm, 0);
    await clearVm(context, vm.vm);
  },
  failure: "VM_START_FAILED",
});
