import type { Hugepages, NumaNode } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listIfThere, readOptional } from "../tool.ts";
import { parseCpuList, parseNodeMemoryBytes } from "./parse.ts";

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
export const readHugepages = (host: Host): Promise<readonly Hugepages[]> =>
  readHugepagesIn(host, HUGEPAGES);

async function readHugepagesIn(host: Host, folder: string): Promise<readonly Hugepages[]> {
  const found: Hugepages[] = [];
  for (const name of await listIfThere(host, folder)) {
    const sizeKib = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    if (sizeKib === undefined) continue;
    const count = Number((await host.readFile(`${folder}/${name}/nr_hugepages`)).trim());
    if (count === 0) continue;
    const free = await readOptional(host, `${folder}/${name}/free_hugepages`);
    const freeCount = free === undefined ? {} : { freeCount: Number(free.trim()) };
    found.push({ sizeBytes: Number(sizeKib) * KIB, count, ...freeCount });
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
    const cpus = parseCpuList((await readOptional(host, `${NODES}/${name}/cpulist`)) ?? "");
    nodes.push({
      node: Number(name.slice("node".length)),
      threadCount: cpus.length,
      memoryBytes: parseNodeMemoryBytes(await host.readFile(`${NODES}/${name}/meminfo`)),
      cpus,
      hugepages: await readHugepagesIn(host, `${NODES}/${name}/hugepages`),
    });
  }
  return nodes.sort((left, right) => left.node - right.node);
}
