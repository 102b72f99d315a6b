import { detectAccelerator } from "@switchyard/host";
import {
  type AllocatedNic,
  HostError,
  type QemuNic,
  runtimeOf,
  type StepArguments,
  stamp,
  vmPaths,
} from "@switchyard/model";
import { clearVm, findRuntime, runtimeOfKind } from "../../vm-runtime/find-runtime.ts";
import type { VmState } from "../../vm-runtime/vm-runtime.ts";
import { awaitVhostPath } from "../datapath/vdpa-device.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { awaitVfAddress } from "../resolve.ts";
import { endVm, readVmState } from "./vm-process.ts";

const RUNNING_TIMEOUT_MS = 30_000;
const RUNNING_INTERVAL_MS = 250;

/** The NIC as QEMU takes it, by what its slot is called now. @throws HostError DEVICE_ABSENT */
async function findNic(context: StepContext, nic: AllocatedNic): Promise<QemuNic> {
  const vf = { pf: nic.pf, index: nic.vfIndex };
  if (nic.kind === "sriov") {
    return { kind: "sriov", pciAddress: await awaitVfAddress(context, vf) };
  }
  const vhostPath = await awaitVhostPath(context, vf);
  return { kind: "vdpa", vhostPath, queuePairs: nic.queuePairs, mac: nic.mac };
}

/** The stamp stands before the process, so that whatever runs can always be told whose it is. */
async function start(
  context: StepContext,
  { vm: desired, memory }: StepArguments["ensureVmRunning"],
): Promise<void> {
  const { vm, spec, allocation, image } = desired;
  const { host } = context;
  const nics: QemuNic[] = [];
  for (const nic of allocation.nics) nics.push(await findNic(context, nic));
  await host.replaceFile(vmPaths(vm).stampFile, stampText(context));
  await runtimeOfKind(runtimeOf(spec)).start(context, {
    vm,
    accelerator: await detectAccelerator(context.observer),
    vcpuCount: spec.vcpuCount,
    memoryBytes: spec.memoryBytes,
    boot: spec.boot,
    ...(image !== undefined && { image }),
    ...(memory !== undefined && { memory }),
    nics,
    hasGuestAgent: spec.hasGuestAgent,
  });
}

const stampText = ({ job, epoch }: StepContext): string =>
  `${JSON.stringify({ job, epoch, stamp: stamp(job, epoch) })}\n`;

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
      await start(context, args);
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
