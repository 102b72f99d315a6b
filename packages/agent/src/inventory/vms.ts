import {
  guestPing,
  type Host,
  HostFileError,
  listDomainVms,
  readVmNics,
  readVmProcess,
} from "@switchyard/host";
import {
  type GuestFacts,
  type GuestFreeze,
  type ObservedVm,
  SwitchyardError,
  VM_RUN_FOLDER,
  type VmPaths,
  vmPaths,
} from "@switchyard/model";
import { type Clock, Semaphore } from "@switchyard/runtime";
import { findRuntimeKind, runtimeOfKind } from "../vm-runtime/find-runtime.ts";
import { withEnd } from "./vm-end.ts";

const GUEST_PING_TIMEOUT_MS = 1000;
/** VMs looked at side by side: each may cost a wait for QMP, and one for the guest agent. */
const VMS_AT_ONCE_MAX = 8;

/** What a VM's guest said of itself lately. */
export type FindGuestFacts = (vm: string) => GuestFacts | undefined;
/** How a VM's guest is frozen. */
export type FindGuestFreeze = (vm: string) => GuestFreeze | undefined;

/** VMs of the host, by the folders they run in and the domains that libvirt keeps over a boot. */
export async function readVms(
  host: Host,
  clock: Clock,
  {
    findGuestFacts = () => undefined,
    findGuestFreeze = () => undefined,
  }: { readonly findGuestFacts?: FindGuestFacts; readonly findGuestFreeze?: FindGuestFreeze } = {},
): Promise<readonly ObservedVm[]> {
  const slots = new Semaphore(VMS_AT_ONCE_MAX);
  const found = [...(await listVmFolders(host)), ...(await listDomainVms(host))];
  const names = [...new Set(found)].sort();
  const seen = await Promise.all(names.map((vm) => slots.run(() => readVm(host, clock, vm))));
  return seen.map((vm) => {
    const guest = vm.isGuestAgentUp ? findGuestFacts(vm.vm) : undefined;
    const freeze = findGuestFreeze(vm.vm);
    return { ...vm, ...(guest && { guest }), ...(freeze && { freeze }) };
  });
}

/** Names of the VMs that have a folder to run in. */
export async function listVmFolders(host: Host): Promise<readonly string[]> {
  try {
    return await host.listFolder(VM_RUN_FOLDER);
  } catch (error) {
    if (error instanceof HostFileError && error.errno === "ENOENT") return [];
    throw error;
  }
}

async function readVm(host: Host, clock: Clock, vm: string): Promise<ObservedVm> {
  const paths = vmPaths(vm);
  const process = await readVmProcess(host, vm);
  const kind = await findRuntimeKind(host, vm);
  const { state, reason } = await runtimeOfKind(kind).observe({ host, clock }, vm, process);
  const isAlive = process?.isAlive === true;
  const seen: ObservedVm = {
    vm,
    state,
    pid: isAlive ? process.pid : undefined,
    runtime: kind,
    startedBy: await findStamp(host, paths.stampFile),
    nics: isAlive ? await readVmNics(host, process.pid) : [],
    ...(isAlive && (await readPinnedCpus(host, paths))),
    isGuestAgentUp: isAlive && (await readGuestAgentState(host, paths)),
    reason,
  };
  return withEnd(host, seen, process);
}

/** What the VM's file says of the CPUs it has for itself; nothing where it has none. */
async function readPinnedCpus(
  host: Host,
  { cpusFile }: VmPaths,
): Promise<Pick<ObservedVm, "pinnedCpus">> {
  if (!(await host.exists(cpusFile))) return {};
  try {
    const { cpus } = JSON.parse(await host.readFile(cpusFile)) as { readonly cpus?: unknown };
    return Array.isArray(cpus) ? { pinnedCpus: cpus.map(Number) } : {};
  } catch (error) {
    if (error instanceof HostFileError || error instanceof SyntaxError) return {};
    throw error;
  }
}

async function readGuestAgentState(host: Host, paths: VmPaths): Promise<boolean> {
  if (!(await host.exists(paths.guestAgentSocket))) return false;
  try {
    return await guestPing(host, paths.guestAgentSocket, GUEST_PING_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof SwitchyardError) return false;
    throw error;
  }
}

async function findStamp(host: Host, path: string): Promise<ObservedVm["startedBy"]> {
  try {
    return parseStamp(JSON.parse(await host.readFile(path)));
  } catch (error) {
    if (error instanceof HostFileError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseStamp(value: unknown): ObservedVm["startedBy"] {
  if (typeof value !== "object" || value === null) return undefined;
  const { job, epoch } = value as { readonly job?: unknown; readonly epoch?: unknown };
  return typeof job === "string" && typeof epoch === "number" ? { job, epoch } : undefined;
}
