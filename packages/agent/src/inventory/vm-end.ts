import { type Host, HostFileError, readVmEnd, type VmProcess } from "@switchyard/host";
import { type ObservedVm, SwitchyardError, type VmEnd } from "@switchyard/model";

/** QEMU's word for a guest whose kernel told pvpanic. @see qemu/qemu qapi/run-state.json, RunState */
const PANICKED = "guest-panicked";

/** libvirt keeps the reason itself. @see libvirt/libvirt include/libvirt/libvirt-domain.h, virDomainShutoffReason */
function endByLibvirt(state: ObservedVm["state"], reason: string): VmEnd | undefined {
  if (state === "failed") {
    return { kind: reason.includes("panicked") ? "panicked" : "crashed", detail: reason };
  }
  if (state !== "stopped") return undefined;
  const isDestroyed = reason.includes("destroyed");
  const detail = reason === "" ? "the guest shut itself down" : reason;
  return { kind: isDestroyed ? "terminated" : "shut-down", detail };
}

async function findEnd(
  host: Host,
  { vm, state, reason = "", runtime }: ObservedVm,
  process: VmProcess | undefined,
): Promise<VmEnd | undefined> {
  if (runtime === "libvirt") return endByLibvirt(state, reason);
  if (process?.isAlive === true) {
    if (state !== "failed") return undefined;
    return reason === PANICKED
      ? { kind: "panicked", detail: "the guest's kernel panicked" }
      : { kind: "halted", detail: `QEMU holds the guest: ${reason}` };
  }
  try {
    return await readVmEnd(host, vm, process?.pid);
  } catch (error) {
    if (error instanceof SwitchyardError || error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** The VM with how it ended, where it has: what QEMU and the kernel said of it is forgotten soon. */
export async function withEnd(
  host: Host,
  seen: ObservedVm,
  process: VmProcess | undefined,
): Promise<ObservedVm> {
  const end = await findEnd(host, seen, process);
  if (end === undefined) return seen;
  return { ...seen, reason: end.detail, end };
}
