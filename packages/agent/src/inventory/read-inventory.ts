import {
  type BmcSettings,
  detectAccelerator,
  type Host,
  listIommuGroups,
  listLoadedModules,
  readBootId,
  readCpuInfo,
  readKernelRelease,
  readMachine,
  readMemoryBytes,
  readOsRelease,
  readQemuVersion,
} from "@switchyard/host";
import type {
  Inventory,
  MappedNicProfile,
  Nic,
  ObservedVm,
  VirtualizationFacts,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { readBmc } from "./bmc.ts";
import { bondsOf } from "./bonds.ts";
import { type DatapathFacts, readDatapathFacts } from "./datapath-facts.ts";
import { readMappedNic } from "./mapped.ts";
import { readMlx5Nics } from "./mlx5.ts";
import { noReadCache, type ReadCache } from "./read-cache.ts";
import { createSections, type Sections } from "./sections.ts";
import { readSystem } from "./system.ts";
import { readVirtualization } from "./virtualization.ts";
import { type FindGuestFacts, type FindGuestFreeze, readVms } from "./vms.ts";

export interface InventoryOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly agentVersion: string;
  /** NICs described by files; those of the driver mlx5_core are found without. */
  readonly nicProfiles: readonly MappedNicProfile[];
  /** IP addresses of controllers and bus, so that the ports towards them are known as the management path. */
  readonly peerAddresses?: readonly string[];
  /** The BMC as the agent's configuration names it. */
  readonly bmc?: BmcSettings;
  /** What a VM's guest said of itself lately; default: nothing is known. */
  readonly findGuestFacts?: FindGuestFacts;
  /** How a VM's guest is frozen; default: none is. */
  readonly findGuestFreeze?: FindGuestFreeze;
  /** What costly readings are remembered in; default: nothing is. */
  readonly cache?: ReadCache;
}

/**
 * Observes the host, once. Changes nothing. A part that can't be read becomes a finding with a neutral value
 * in its place; a finding of severity `error` says that plans made on it could do harm.
 */
export async function readInventory(options: InventoryOptions): Promise<Inventory> {
  const { host, clock } = options;
  // Before the first look: everything in it is at least this new.
  const observedAtMs = clock.nowMs();
  const sections = createSections();
  const facts = await readDatapathFacts(host, sections, options.peerAddresses ?? []);
  const nics = await readNics({ ...options, observedAtMs }, sections, facts);
  const machine = await readMachineFacts(host, sections);
  const cache = options.cache ?? noReadCache;
  const virtualization = await sections.read<VirtualizationFacts | undefined>({
    name: "QEMU and libvirt",
    severity: "warning",
    fallback: undefined,
    read: () => readVirtualization(host, cache),
  });
  const { bootId } = machine;
  const bmc = await readBmc({ host, clock, cache, sections, bootId, configured: options.bmc });
  return {
    hostKind: host.kind,
    observedAtMs,
    agentVersion: options.agentVersion,
    ...machine,
    modules: await readModules(host, sections, nics),
    nics,
    ...(bmc !== undefined && { bmc }),
    ovs: facts.ovs,
    bonds: bondsOf(facts.links),
    vms: await sections.read<readonly ObservedVm[]>({
      name: "VMs",
      severity: "error",
      fallback: [],
      read: () => readVms(host, clock, options),
    }),
    system: await readSystem({ host, cache, os: machine.os, bootId }),
    ...(virtualization !== undefined && { virtualization }),
    findings: sections.findings,
  };
}

export async function readNics(
  options: InventoryOptions & { readonly observedAtMs: number },
  sections: Sections,
  facts: DatapathFacts,
): Promise<readonly Nic[]> {
  const { host, nicProfiles, cache = noReadCache, observedAtMs: nowMs } = options;
  const nics: Nic[] = [];
  for (const profile of nicProfiles) {
    nics.push(await readMappedNic({ host, facts, sections }, profile));
  }
  const found = await sections.read<readonly Nic[]>({
    name: "NICs",
    severity: "error",
    fallback: [],
    read: () => readMlx5Nics({ host, facts, sections, cache, nowMs }),
  });
  return [...nics, ...found];
}

async function readMachineFacts(host: Host, sections: Sections) {
  const read = <Value>(name: string, fallback: Value, reader: () => Promise<Value>) =>
    sections.read({ name, severity: "warning", fallback, read: reader });
  const unknown = "unknown";
  const os = { id: unknown, versionId: "", prettyName: unknown };
  const cpu = { modelName: unknown, socketCount: 1, threadCount: 1, hasVirtualization: false };
  return {
    bootId: await read("The boot id", unknown, () => readBootId(host)),
    os: {
      ...(await read("os-release", os, () => readOsRelease(host))),
      kernelRelease: await read("The kernel release", unknown, () => readKernelRelease(host)),
    },
    machine: await readMachine(host),
    cpu: await read("CPUs", cpu, () => readCpuInfo(host)),
    memoryBytes: await read("Memory", 0, () => readMemoryBytes(host)),
    accelerator: await read("The accelerator", "tcg" as const, () => detectAccelerator(host)),
    iommuGroupCount: await read(
      "IOMMU groups",
      0,
      async () => (await listIommuGroups(host)).length,
    ),
    qemuVersion: await read<string | undefined>("QEMU", undefined, () => readQemuVersion(host)),
  };
}

/** Loaded modules, and of those the NICs need also what the kernel has built in. */
export async function readModules(
  host: Host,
  sections: Sections,
  nics: readonly Nic[],
): Promise<readonly string[]> {
  const loaded = await sections.read<readonly string[]>({
    name: "Kernel modules",
    severity: "warning",
    fallback: [],
    read: () => listLoadedModules(host),
  });
  const all = new Set(loaded);
  for (const module of nics.flatMap(({ vdpaModules }) => vdpaModules)) {
    if (await host.exists(`/sys/module/${module}`)) all.add(module);
  }
  return [...all].sort();
}
