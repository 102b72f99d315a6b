import {
  guestPing,
  type Host,
  HostFileError,
  openQmp,
  queryStatus,
  readVmNics,
  readVmProcess,
  type VmProcess,
} from "@switchyard/host";
import {
  type ObservedVm,
  SwitchyardError,
  VM_RUN_FOLDER,
  type VmPaths,
  type VmProcessState,
  vmPaths,
} from "@switchyard/model";
import { type Clock, Semaphore } from "@switchyard/runtime";

/** A job may hold the VM's only QMP connection; the inventory does not wait for it. */
const QMP_TIMEOUT_MS = 2000;
const GUEST_PING_TIMEOUT_MS = 1000;
/** VMs looked at side by side: each may cost the two waits above. */
const VMS_AT_ONCE_MAX = 8;

/** VMs of the host, by the folders they run in. */
export async function readVms(host: Host, clock: Clock): Promise<readonly ObservedVm[]> {
  const slots = new Semaphore(VMS_AT_ONCE_MAX);
  const names = await listVmFolders(host);
  return Promise.all(names.map((vm) => slots.run(() => readVm(host, clock, vm))));
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
  const startedBy = await findStamp(host, paths.stampFile);
  if (process?.isAlive !== true) return { ...endedVm(vm, process), startedBy };
  const { state, reason } = await readState(host, clock, paths);
  return {
    vm,
    state,
    pid: process.pid,
    startedBy,
    nics: await readVmNics(host, process.pid),
    isGuestAgentUp: await readGuestAgentState(host, paths),
    reason,
  };
}

/** QEMU removes its pid file when it ends in order; one left behind tells of a kill or a crash. */
function endedVm(vm: string, process: VmProcess | undefined): ObservedVm {
  return {
    vm,
    state: process === undefined ? "stopped" : "failed",
    pid: undefined,
    startedBy: undefined,
    nics: [],
    isGuestAgentUp: false,
    reason: process === undefined ? undefined : `process ${process.pid} ended without a word`,
  };
}

async function readState(
  host: Host,
  clock: Clock,
  paths: VmPaths,
): Promise<{ readonly state: VmProcessState; readonly reason: string | undefined }> {
  try {
    const session = await openQmp(host, paths.qmpSocket, { clock, timeoutMs: QMP_TIMEOUT_MS });
    try {
      const { status, isRunning } = await queryStatus(session);
      return { state: isRunning ? "running" : stateOf(status), reason: reasonOf(status) };
    } finally {
      session.close();
    }
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    return { state: "running", reason: error.message };
  }
}

/** @see qemu/qemu qapi/run-state.json, RunState */
const FAILED_STATUSES = ["internal-error", "io-error", "guest-panicked", "watchdog"];
const stateOf = (status: string): VmProcessState =>
  FAILED_STATUSES.includes(status) ? "failed" : status === "shutdown" ? "stopped" : "paused";
const reasonOf = (status: string): string | undefined =>
  status === "running" ? undefined : status;

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
