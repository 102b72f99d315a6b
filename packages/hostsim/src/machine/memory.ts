import { bootWords } from "./kernels.ts";
import type { Machine } from "./machine.ts";
import { virtualMachines } from "./process.ts";

const MIB = 1024 ** 2;
/** Sizes an Intel server has, and the one that `hugepages=` means by itself. */
const SIZES: Readonly<Record<string, number>> = { "2M": 2 * MIB, "1G": 1024 * MIB };
const DEFAULT_SIZE = "2M";

/**
 * Huge pages that the kernel set aside at boot, by size in bytes: `hugepagesz=1G hugepages=16`.
 *
 * @see torvalds/linux Documentation/admin-guide/kernel-parameters.txt, hugepages=, hugepagesz=
 */
export function hugepagesOf(machine: Machine): ReadonlyMap<number, number> {
  const counts = new Map(Object.values(SIZES).map((size) => [size, 0]));
  let size = DEFAULT_SIZE;
  for (const word of bootWords(machine)) {
    const [name, value = ""] = word.split("=");
    if (name === "hugepagesz" || name === "default_hugepagesz") size = value;
    const bytes = SIZES[size];
    if (name === "hugepages" && bytes !== undefined) counts.set(bytes, Number(value));
  }
  return counts;
}

/** Pages of the size that VMs have. */
export const takenHugepages = (machine: Machine, sizeBytes: number): number =>
  virtualMachines(machine)
    .filter(({ options }) => options.hugepageBytes === sizeBytes)
    .reduce((sum, { options }) => sum + Math.ceil(options.memoryBytes / sizeBytes), 0);

/** A node's share of the pages, and what is left of it: VMs that are bound to no node take evenly. */
export function hugepagesOfNode(
  machine: Machine,
  node: number,
  sizeBytes: number,
): { readonly count: number; readonly free: number } {
  const { spec } = machine;
  if (spec.emptyNodes.includes(node)) return { count: 0, free: 0 };
  const filled = spec.cpu.socketCount - spec.emptyNodes.length;
  const count = Math.floor((hugepagesOf(machine).get(sizeBytes) ?? 0) / filled);
  const taken = virtualMachines(machine)
    .filter(({ options }) => options.hugepageBytes === sizeBytes)
    .map(({ options: { memoryBytes, memoryNode } }) => {
      if (memoryNode === undefined) return memoryBytes / sizeBytes / filled;
      return memoryNode === node ? memoryBytes / sizeBytes : 0;
    });
  const left = count - taken.reduce((sum, each) => sum + each, 0);
  return { count, free: Math.max(0, Math.floor(left)) };
}

export const hugepageBytes = (machine: Machine): number =>
  [...hugepagesOf(machine)].reduce((sum, [size, count]) => sum + size * count, 0);

/** Memory beside each socket: shared out evenly among those that have any. */
export function nodeMemoryBytes({ spec }: Machine, node: number): number {
  const filled = spec.cpu.socketCount - spec.emptyNodes.length;
  return spec.emptyNodes.includes(node) ? 0 : Math.floor(spec.memoryBytes / filled);
}
