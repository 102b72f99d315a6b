import {
  type Accelerator,
  type GuestMemory,
  type Ipv4Address,
  type Ipv4Cidr,
  ipAddressAdd,
  ipLinkMtu,
  ipLinkSet,
  libvirtDomain,
  type MacAddress,
  type PlannedCommand,
  type QemuNic,
  type QemuOptions,
  qemuVm,
  runtimeOf,
  tasksetSet,
  type VmDesired,
  type VmRuntimeKind,
  virshDefine,
  virshDestroy,
  virshShutdown,
  virshStart,
  virshUndefine,
  vmPaths,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** Time a guest gets to power off by itself before its process is ended. */
export const VM_STOP_GRACE_MS = 30_000;

/** Time a guest gets to boot until its agent answers; a whole distribution under two emulations takes many minutes. */
export const GUEST_AGENT_TIMEOUT_MS: Readonly<Record<Accelerator, number>> = {
  kvm: 180_000,
  tcg: 2_700_000,
};

function startCommands(runtime: VmRuntimeKind, options: QemuOptions): readonly PlannedCommand[] {
  if (runtime === "qemu") return [run(qemuVm(options))];
  const { domainFile } = vmPaths(options.vm);
  return [
    write(domainFile, libvirtDomain(options)),
    run(virshDefine(domainFile)),
    run(virshStart(options.vm)),
  ];
}

/** Where and with what a VM's QEMU runs. */
export interface QemuPlace {
  readonly accelerator: Accelerator;
  /** With a placeholder for the character device of a vDPA device that is still to be made. */
  readonly nics: readonly QemuNic[];
  readonly memory?: GuestMemory | undefined;
}

/** What QEMU is told of a VM. */
export function qemuOptions(vm: VmDesired, { accelerator, nics, memory }: QemuPlace): QemuOptions {
  const { spec, image } = vm;
  return {
    ...(memory !== undefined && { memory }),
    vm: vm.vm,
    accelerator,
    vcpuCount: spec.vcpuCount,
    memoryBytes: spec.memoryBytes,
    boot: spec.boot,
    ...(image !== undefined && { image }),
    nics,
    hasGuestAgent: spec.hasGuestAgent,
  };
}

export function ensureVmRunning(vm: VmDesired, place: QemuPlace): Draft {
  const { memory } = place;
  return draft(
    "ensureVmRunning",
    { vm, ...(memory !== undefined && { memory }) },
    {
      title: `Start VM ${vm.vm}`,
      commands: startCommands(runtimeOf(vm.spec), qemuOptions(vm, place)),
    },
  );
}

export const ensureVcpusPinned = (vm: string, cpus: readonly number[]): Draft =>
  draft(
    "ensureVcpusPinned",
    { vm, cpus },
    {
      title: `Pin the vCPUs of ${vm} to CPUs ${cpus.join(", ")}`,
      commands: [
        write(vmPaths(vm).cpusFile, `${JSON.stringify({ cpus })}\n`),
        ...cpus.map((cpu, at) => run(tasksetSet(`<thread of vCPU ${at}>`, String(cpu)))),
      ],
    },
  );

/**
 * @param gracePeriodMs what the guest gets to power off by itself; 0: its process is ended at once
 * @param runtime what runs it now, or ran it last
 */
export const ensureVmStopped = (
  vm: string,
  gracePeriodMs = VM_STOP_GRACE_MS,
  runtime: VmRuntimeKind = "qemu",
): Draft =>
  draft(
    "ensureVmStopped",
    { vm, gracePeriodMs },
    {
      title: `Stop VM ${vm}`,
      commands: stopCommands(vm, runtime, gracePeriodMs > 0),
      isReversible: false,
    },
  );

function stopCommands(
  vm: string,
  runtime: VmRuntimeKind,
  isAsked: boolean,
): readonly PlannedCommand[] {
  if (runtime === "libvirt") {
    return [run(isAsked ? virshShutdown(vm) : virshDestroy(vm)), run(virshUndefine(vm))];
  }
  const execute = isAsked ? "system_powerdown" : "quit";
  return [write(vmPaths(vm).qmpSocket, JSON.stringify({ execute }))];
}

/** Its commands run inside the guest, through its agent. */
export function ensureGuestAddress(
  vm: string,
  nic: { readonly mac: MacAddress; readonly address: Ipv4Cidr; readonly mtu?: number },
  accelerator: Accelerator,
): Draft {
  const netdev = `<guest netdev with ${nic.mac}>`;
  const { mac, address, mtu } = nic;
  return draft(
    "ensureGuestAddress",
    {
      vm,
      mac,
      address,
      ...(mtu !== undefined && { mtu }),
      timeoutMs: GUEST_AGENT_TIMEOUT_MS[accelerator],
    },
    {
      title: `Give the guest of ${vm} the address ${nic.address}`,
      commands: [
        ...(mtu === undefined ? [] : [run(ipLinkMtu(netdev, mtu))]),
        run(ipAddressAdd(netdev, nic.address)),
        run(ipLinkSet(netdev, "up")),
      ],
    },
  );
}

/** Its command runs inside the guest, through its agent. */
export const pingFromGuest = (vm: string, target: Ipv4Address, count: number): Draft =>
  draft(
    "pingFromGuest",
    { vm, target, count },
    {
      title: `Ping ${target} from the guest of ${vm}`,
      commands: [run(["ping", "-c", String(count), target])],
    },
  );

export const noop = (): Draft => draft("noop", {}, { title: "Do nothing", commands: [] });
