import {
  defineDomain,
  destroyDomain,
  readDomainLastWords,
  readDomainState,
  resumeDomain,
  shutDownDomain,
  startDomain,
  type VmProcess,
} from "@switchyard/host";
import { libvirtDomain, SwitchyardError, vmPaths } from "@switchyard/model";
import type { Look, VmHealth, VmRuntime, VmState } from "./vm-runtime.ts";

/** @see libvirt/libvirt tools/virsh-domain-monitor.c, virshDomainState */
const STATES: Readonly<Record<string, VmState>> = {
  "shut off": "stopped",
  crashed: "stopped",
  paused: "paused",
  pmsuspended: "paused",
};

/**
 * Reasons for which nobody asked. A QEMU that was killed ends without saying so, which libvirt calls crashed;
 * one that did not start is `failed`.
 *
 * @see libvirt/libvirt src/qemu/qemu_process.c, qemuProcessHandleMonitorEOF
 */
const FAILED_REASONS = ["crashed", "failed", "panicked"];

async function observe(
  { host }: Look,
  vm: string,
  process: VmProcess | undefined,
): Promise<VmHealth> {
  const isAlive = process?.isAlive === true;
  try {
    const domain = await readDomainState(host, vm);
    if (domain === undefined) return { state: isAlive ? "running" : "stopped", reason: undefined };
    const { state, reason } = domain;
    const seen = STATES[state] ?? "running";
    if (seen === "running") return { state: "running", reason: undefined };
    const why = `libvirt: ${state} (${reason})`;
    const isFailed = state === "crashed" || FAILED_REASONS.includes(reason);
    if (!isFailed) return { state: seen, reason: reason === "unknown" ? undefined : why };
    const words = await readDomainLastWords(host, vm);
    return { state: "failed", reason: words === undefined ? why : `${why}: ${words}` };
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    return { state: isAlive ? "running" : "failed", reason: error.message };
  }
}

/** libvirt, asked through virsh: it starts QEMU in a scope of its own, so that it outlives agent and libvirt. */
export const libvirtRuntime: VmRuntime = {
  kind: "libvirt",
  readState: async ({ host }, vm) => {
    const domain = await readDomainState(host, vm);
    return domain === undefined ? "stopped" : (STATES[domain.state] ?? "running");
  },
  start: async ({ host }, options) => {
    const { folder, domainFile } = vmPaths(options.vm);
    await host.makeFolder(folder);
    await host.replaceFile(domainFile, libvirtDomain(options));
    await defineDomain(host, options.vm, domainFile);
    await startDomain(host, options.vm);
  },
  resume: ({ host }, vm) => resumeDomain(host, vm),
  powerDown: ({ host }, vm) => shutDownDomain(host, vm),
  end: ({ host }, vm) => destroyDomain(host, vm),
  observe,
};
