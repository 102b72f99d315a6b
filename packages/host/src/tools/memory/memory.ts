import type { NumaNode, SystemFacts } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listIfThere, readOptional } from "../tool.ts";
import { parseCpuCount, parseNodeMemoryBytes } from "./parse.ts";

const HUGEPAGES = "/sys/kernel/mm/hugepages";
const NODES = "/sys/devices/system/node";
/** Nodes looked at. @see torvalds/linux, CONFIG_NODES_SHIFT of x86_64 distributions */
const NODES_MAX = 1024;
const KIB = 1024;

/**
 * Huge pages set aside, smallest first; sizes of which there are none are left out.
 *
 * @throws HostFileError
 * @see torvalds/linux Documentation/admin-guide/mm/hugetlbpage.rst
 */
export async function readHugepages(host: Host): Promise<NonNullable<SystemFacts["hugepages"]>> {
  const found: { sizeBytes: number; count: number }[] = [];
  for (const name of await listIfThere(host, HUGEPAGES)) {
    const sizeKib = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    if (sizeKib === undefined) continue;
    const count = Number((await host.readFile(`${HUGEPAGES}/${name}/nr_hugepages`)).trim());
    if (count > 0) found.push({ sizeBytes: Number(sizeKib) * KIB, count });
  }
  return found.sort((left, right) => left.sizeBytes - right.sizeBytes);
}

/**
 * NUMA nodes by number. A kernel without NUMA shows none.
 *
 * @throws HostFileError
 * @see torvalds/linux Documentation/ABI/stable/sysfs-devices-node
 */
export async function listNumaNodes(host: Host): Promise<readonly NumaNode[]> {
  const names = (await listIfThere(host, NODES)).filter((name) => /^node\d+$/.test(name));
  const nodes: NumaNode[] = [];
  for (const name of names.slice(0, NODES_MAX)) {
    nodes.push({
      node: Number(name.slice("node".length)),
      threadCount: parseCpuCount((await readOptional(host, `${NODES}/${name}/cpulist`)) ?? ""),
      memoryBytes: parseNodeMemoryBytes(await host.readFile(`${NODES}/${name}/meminfo`)),
    });
  }
  return nodes.sort((left, right) => left.node - right.node);
}
