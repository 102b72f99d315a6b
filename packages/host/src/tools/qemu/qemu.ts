import {
  type Accelerator,
  type Argv,
  CommandError,
  domainPaths,
  type QemuOptions,
  qemuDevices,
  qemuVm,
  vmPaths,
  vmScopeOptions,
  vmScopeUnit,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { readCpuInfo } from "../procfs/procfs.ts";
import { inOwnScope } from "../scope.ts";
import { hostError, readLinkName, readOptional, runChecked } from "../tool.ts";
import { kill, qemuVersion } from "./commands.ts";
import {
  findQemuFailure,
  parseFdSets,
  parseQemuVersion,
  parseVmNicOptions,
  parseVmNics,
  type VmNic,
  type VmNicOptions,
} from "./parse.ts";
import { readQemuProcess, type VmProcess } from "./qemu-process.ts";

/** With `-daemonize` QEMU answers once the devices are set up; emulated hosts in hosts are slow. */
const QEMU_START_TIMEOUT_MS = 180_000;

/**
 * Starts QEMU so that it outlives the agent: where there is systemd, in a scope that lets it open its own
 * devices and no others; else in the session that `-daemonize` makes. Returns when QEMU says that it runs.
 *
 * Not to be run twice: a VM that runs holds its pid file, and the second QEMU is refused.
 *
 * @throws HostError VM_START_FAILED with QEMU's words and, where known, `metadata.cause`;
 *   CommandError COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export async function startQemu(host: Host, options: QemuOptions): Promise<void> {
  await host.makeFolder(vmPaths(options.vm).folder);
  const devices = qemuDevices(options, await readVfioGroups(host, options));
  const scope = { unit: vmScopeUnit(options.vm), options: vmScopeOptions(devices) };
  const argv = await inOwnScope(host, qemuVm(options), scope);
  const result = await host.run({ argv, timeoutMs: QEMU_START_TIMEOUT_MS });
  if (result.exitCode !== 0) throw startError(options.vm, argv, result);
}

/** IOMMU groups of the VM's functions; one that has none is refused by QEMU itself. */
async function readVfioGroups(host: Host, { nics }: QemuOptions): Promise<readonly string[]> {
  const groups: string[] = [];
  for (const nic of nics) {
    if (nic.kind !== "sriov") continue;
    const group = await readLinkName(host, `/sys/bus/pci/devices/${nic.pciAddress}/iommu_group`);
    if (group !== undefined && !groups.includes(group)) groups.push(group);
  }
  return groups;
}

function startError(vm: string, argv: Argv, result: CommandResult) {
  const known = findQemuFailure(result.stderr);
  return hostError({
    reason: "VM_START_FAILED",
    message: known === undefined ? `${vm} did not start` : `${vm} did not start: ${known.cause}`,
    argv,
    result,
    metadata: known === undefined ? {} : { cause: known.cause, try: known.fix },
  });
}

/** The process that a VM's pid file names, QEMU's own or libvirt's; undefined without a pid file. */
export const readVmProcess = (host: Host, vm: string): Promise<VmProcess | undefined> =>
  readQemuProcess(host, {
    name: vm,
    pidFiles: [vmPaths(vm).pidFile, domainPaths(vm).pidFile],
  });

/** vhost-vdpa NICs of a running VM, as its process was given them; none once it is gone. */
export async function readVmNics(host: Host, pid: number): Promise<readonly VmNic[]> {
  const commandLine = (await readOptional(host, `/proc/${pid}/cmdline`)) ?? "";
  return withOpenedPaths(host, { pid, commandLine }, parseVmNics(commandLine));
}

/** NICs with the device's path in place of a set of descriptors. */
function withOpenedPaths<Nic extends { readonly vhostPath: string }>(
  host: Host,
  process: { readonly pid: number; readonly commandLine: string },
  nics: readonly Nic[],
): Promise<readonly Nic[]> {
  const sets = parseFdSets(process.commandLine);
  const opened = nics.map(async (nic) => {
    const fd = sets.get(nic.vhostPath);
    if (fd === undefined) return nic;
    const name = await readLinkName(host, `/proc/${process.pid}/fd/${fd}`);
    return name === undefined ? nic : { ...nic, vhostPath: `/dev/${name}` };
  });
  return Promise.all(opened);
}

/** As `readVmNics`, with what decides how fast the NICs are. */
export async function readVmNicOptions(host: Host, pid: number): Promise<readonly VmNicOptions[]> {
  const commandLine = (await readOptional(host, `/proc/${pid}/cmdline`)) ?? "";
  return withOpenedPaths(host, { pid, commandLine }, parseVmNicOptions(commandLine));
}

/**
 * Kills a VM's process, and only that: a pid that was given to another program is left alone. Returns
 * when the signal is sent; the end is seen with `readVmProcess`. Gone is success.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function killVm(host: Host, vm: string): Promise<void> {
  const process = await readVmProcess(host, vm);
  if (process === undefined || !process.isAlive) return;
  const argv = kill(process.pid);
  const result = await host.run({ argv });
  if (result.exitCode === 0 || (await readVmProcess(host, vm))?.isAlive !== true) return;
  throw hostError({ reason: "COMMAND_FAILED", message: `${vm} was not killed`, argv, result });
}

/** Version of QEMU; undefined when it is not installed. */
export async function readQemuVersion(host: Host): Promise<string | undefined> {
  try {
    return parseQemuVersion((await runChecked(host, { argv: qemuVersion() })).stdout);
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return undefined;
    throw error;
  }
}

/**
 * How guests will run. /dev/kvm alone is not enough: the file can be left over on a machine whose CPU
 * has no virtualisation. It is never opened, because opening it can load modules.
 */
export async function detectAccelerator(host: Host): Promise<Accelerator> {
  const hasDevice = await host.exists("/dev/kvm");
  return hasDevice && (await readCpuInfo(host)).hasVirtualization ? "kvm" : "tcg";
}
