import { openQmp, queryVcpuThreads, readThreadCpus, setThreadCpus } from "@switchyard/host";
import { HostError, vmPaths } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { readVmState } from "./vm-process.ts";

interface State {
  /** Of each vCPU, in their order. */
  readonly threads: readonly { readonly id: number; readonly cpus: string }[];
  /** What the VM's file says of the CPUs it has for itself; undefined without one. */
  readonly claim: string | undefined;
}

const claimText = (cpus: readonly number[]): string => `${JSON.stringify({ cpus })}\n`;

async function readClaim({ host }: StepContext, vm: string): Promise<string | undefined> {
  const { cpusFile } = vmPaths(vm);
  return (await host.exists(cpusFile)) ? await host.readFile(cpusFile) : undefined;
}

async function vcpuThreads(context: StepContext, vm: string): Promise<readonly number[]> {
  const session = await openQmp(context.host, vmPaths(vm).qmpSocket, { clock: context.clock });
  try {
    return await queryVcpuThreads(session);
  } finally {
    session.close();
  }
}

async function readState(context: StepContext, vm: string): Promise<State> {
  const threads: State["threads"][number][] = [];
  for (const id of await vcpuThreads(context, vm)) {
    threads.push({ id, cpus: await readThreadCpus(context.host, id) });
  }
  return { threads, claim: await readClaim(context, vm) };
}

/**
 * Each vCPU's thread on a CPU of its own. The claim stands before the first thread moves, so that no other VM
 * is given the CPUs; it goes with the VM's folder.
 */
export const ensureVcpusPinned = ensure<"ensureVcpusPinned", State>({
  read: (context, { vm }) => readState(context, vm),
  isSatisfied: ({ threads, claim }, { cpus }) =>
    claim === claimText(cpus) &&
    threads.length === cpus.length &&
    threads.every((thread, at) => thread.cpus === String(cpus[at])),
  apply: async (context, { vm, cpus }, { threads }) => {
    if (threads.length !== cpus.length) {
      throw new HostError("VCPU_PINNING_FAILED", `${vm} has other vCPUs than were planned for`, {
        found: `${threads.length} vCPUs`,
        needs: `${cpus.length} vCPUs`,
      });
    }
    await context.host.replaceFile(vmPaths(vm).cpusFile, claimText(cpus));
    for (const [at, { id, cpus: now }] of threads.entries()) {
      const cpu = String(cpus[at]);
      if (now !== cpu) await setThreadCpus(context.host, id, cpu);
    }
  },
  undo: async (context, { vm }, before) => {
    const { host } = context;
    if ((await readVmState(context, vm)) !== "stopped") {
      const alive = new Set(await vcpuThreads(context, vm));
      for (const { id, cpus } of before.threads) {
        const isOther = alive.has(id) && (await readThreadCpus(host, id)) !== cpus;
        if (isOther) await setThreadCpus(host, id, cpus);
      }
    }
    const { cpusFile } = vmPaths(vm);
    if (before.claim === undefined) await host.remove(cpusFile);
    else if ((await readClaim(context, vm)) !== before.claim) {
      await host.replaceFile(cpusFile, before.claim);
    }
  },
  failure: "VCPU_PINNING_FAILED",
});
