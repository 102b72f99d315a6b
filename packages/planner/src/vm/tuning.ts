import type {
  Finding,
  GuestMemory,
  Inventory,
  NumaNode,
  NumaPolicy,
  VmDesired,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import { isLive } from "../host/affected-vms.ts";
import type { NicSlot } from "./slot.ts";

/** What ties a VM to parts of its host, and what stands in the way. */
export interface Tuning {
  /** Undefined: whatever QEMU takes by itself. */
  readonly memory: GuestMemory | undefined;
  /** Of each vCPU; undefined where none is asked for. */
  readonly cpus: readonly number[] | undefined;
  readonly findings: readonly Finding[];
}

/** CPU that a host keeps for itself: interrupts that nobody moved go there. */
const HOUSEKEEPING_CPU = 0;

/** The NUMA node of the VM's first NIC, as far as firmware and agent tell. */
export const nodeOfNics = (
  slots: readonly NicSlot[],
  { system }: Pick<Inventory, "system">,
): NumaNode | undefined =>
  system?.numaNodes?.find(({ node }) => node === slots[0]?.view.pf.numaNode);

const policyOf = ({ spec }: VmDesired): NumaPolicy => spec.numa ?? "any";

/**
 * Chooses memory and CPUs for a VM from what its host has left: other VMs' CPUs are theirs. The lowest are
 * taken first, which on x86_64 are threads of different cores.
 */
export function planTuning(
  vm: VmDesired,
  observed: Inventory,
  place: { readonly slots: readonly NicSlot[]; readonly isRunning: boolean },
): Tuning {
  const node = nodeOfNics(place.slots, observed);
  const memory = place.isRunning ? NO_MEMORY : planMemory(vm, observed, node);
  const cpus = vm.spec.cpuPinning === true ? planCpus(vm, observed, node) : undefined;
  return {
    memory: memory.memory,
    cpus: cpus?.cpus,
    findings: [...nodeKnown(vm, node), ...memory.findings, ...(cpus?.findings ?? [])],
  };
}

function nodeKnown(vm: VmDesired, node: NumaNode | undefined): readonly Finding[] {
  if (policyOf(vm) !== "required" || node !== undefined) return [];
  return [
    errorFinding("NUMA_NODE_SHORT", {
      message: `${vm.vm} is to be on its NIC's NUMA node, which is not known`,
      found: "firmware gives the NIC no node, or the agent saw none",
      needs: "a NIC with a NUMA node, or another policy",
    }),
  ];
}

/** A VM that runs has its memory. */
const NO_MEMORY: MemoryPlan = { memory: undefined, findings: [] };

interface MemoryPlan {
  readonly memory: GuestMemory | undefined;
  readonly findings: readonly Finding[];
}

function planMemory(vm: VmDesired, observed: Inventory, node: NumaNode | undefined): MemoryPlan {
  const { hugepageBytes } = vm.spec;
  const binding = bindingOf(vm, node);
  const memory: GuestMemory = {
    ...(hugepageBytes !== undefined && { hugepageBytes }),
    ...(binding !== undefined && { node: binding }),
  };
  return {
    memory: Object.keys(memory).length === 0 ? undefined : memory,
    findings: [...nodeRoom(vm, node), ...hugepagesFree(vm, observed, node)],
  };
}

const fitsNode = ({ spec }: VmDesired, { memoryBytes }: NumaNode): boolean =>
  spec.memoryBytes <= memoryBytes;

function bindingOf(vm: VmDesired, node: NumaNode | undefined): GuestMemory["node"] {
  const policy = policyOf(vm);
  if (node === undefined || policy === "any") return undefined;
  if (policy === "required") return { number: node.node, policy: "bind" };
  return fitsNode(vm, node) ? { number: node.node, policy: "preferred" } : undefined;
}

function nodeRoom(vm: VmDesired, node: NumaNode | undefined): readonly Finding[] {
  if (policyOf(vm) !== "required" || node === undefined || fitsNode(vm, node)) return [];
  return [
    errorFinding("NUMA_NODE_SHORT", {
      message: `${vm.vm} is larger than its NIC's NUMA node`,
      found: `node ${node.node} has ${node.memoryBytes} bytes`,
      needs: `${vm.spec.memoryBytes} bytes on it, or numa preferred`,
    }),
  ];
}

function hugepagesFree(
  { vm, spec }: VmDesired,
  { system }: Inventory,
  node: NumaNode | undefined,
): readonly Finding[] {
  const { hugepageBytes: size, memoryBytes } = spec;
  if (size === undefined || system?.hugepages === undefined) return [];
  const isOnNode = spec.numa === "required" && node?.hugepages !== undefined;
  const pages = (isOnNode ? node?.hugepages : system.hugepages) ?? [];
  const own = pages.find(({ sizeBytes }) => sizeBytes === size);
  const free = own?.freeCount ?? own?.count ?? 0;
  const needed = Math.ceil(memoryBytes / size);
  if (free >= needed) return [];
  const place = isOnNode ? ` on NUMA node ${node?.node}` : "";
  return [
    errorFinding("HUGEPAGES_SHORT", {
      message: `${vm} asks for more huge pages than are free`,
      found: `${free} of ${own?.count ?? 0} pages of ${size} bytes free${place}`,
      needs: `${needed} free pages`,
    }),
  ];
}

interface CpuPlan {
  readonly cpus: readonly number[] | undefined;
  readonly findings: readonly Finding[];
}

function planCpus(vm: VmDesired, observed: Inventory, node: NumaNode | undefined): CpuPlan {
  const { vcpuCount } = vm.spec;
  const own = observed.vms.find((other) => other.vm === vm.vm)?.pinnedCpus;
  if (own?.length === vcpuCount) return { cpus: own, findings: [] };
  const free = freeCpus(vm, observed);
  const near = free.filter((cpu) => node?.cpus?.includes(cpu));
  const policy = policyOf(vm);
  const choice = policy === "any" || near.length < vcpuCount ? free : near;
  const isFar = policy !== "any" && choice === free && node !== undefined;
  if (choice.length < vcpuCount || (isFar && policy === "required")) {
    return { cpus: undefined, findings: [cpusShort(vm, policy === "required" ? near : free)] };
  }
  return {
    cpus: choice.slice(0, vcpuCount),
    findings: isFar ? [cpusFar(vm, near, node)] : [],
  };
}

function freeCpus(vm: VmDesired, { system, vms }: Inventory): readonly number[] {
  const taken = new Set(
    vms
      .filter((other) => other.vm !== vm.vm && isLive(other))
      .flatMap(({ pinnedCpus }) => pinnedCpus ?? []),
  );
  return (system?.numaNodes ?? [])
    .flatMap(({ cpus }) => cpus ?? [])
    .filter((cpu) => cpu !== HOUSEKEEPING_CPU && !taken.has(cpu))
    .sort((left, right) => left - right);
}

const cpusShort = ({ vm, spec }: VmDesired, free: readonly number[]): Finding =>
  errorFinding("CPUS_SHORT", {
    message: `${vm} can't have a CPU for each vCPU`,
    found: `${free.length} CPUs that no VM is pinned to${spec.numa === "required" ? ", on the NIC's NUMA node" : ""}`,
    needs: `${spec.vcpuCount} CPUs besides CPU ${HOUSEKEEPING_CPU}`,
  });

const cpusFar = ({ vm, spec }: VmDesired, near: readonly number[], node: NumaNode): Finding =>
  warningFinding("CPUS_SHORT", {
    message: `${vm} gets CPUs away from its NIC`,
    found: `${near.length} free CPUs on NUMA node ${node.node}`,
    needs: `${spec.vcpuCount} for all vCPUs to be near`,
    fix: "Nothing, if that is what you want.",
  });
