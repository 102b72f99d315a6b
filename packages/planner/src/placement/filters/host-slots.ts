import type { CandidateHost } from "../candidate.ts";
import { leastQueuePairs, type PlacementNeeds } from "../needs.ts";
import { chooseSlots, haveQueuePairs, nodeFits } from "../slots.ts";
import type { Filter } from "./filter.ts";
import { counted, mib, orDeleting } from "./text.ts";

const kindOf = ({ nics }: PlacementNeeds) => nics[0]?.kind ?? "vdpa";

/** Its slots are of the kind of the NICs. */
export const mode: Filter = (host, needs) => {
  const kind = kindOf(needs);
  if (host.mode === undefined || host.mode === kind) return undefined;
  return {
    found: `mode ${host.mode}`,
    needs: `mode ${kind}`,
    change: `swy host set-mode ${host.host} ${kind}`,
  };
};

/** Its datapath carries the networks. */
export const bridge: Filter = (host, needs) => {
  if (host.mode === undefined) {
    const wanted = kindOf(needs) === "vdpa" ? ` on bridge ${needs.nics[0]?.bridge}` : "";
    return {
      found: "no datapath applied",
      needs: `mode ${kindOf(needs)}${wanted}`,
      change: "a profile with that datapath is applied to it",
    };
  }
  const other = needs.nics.find((nic) => nic.kind === "vdpa" && nic.bridge !== host.bridge);
  if (other === undefined) return undefined;
  return {
    found: host.bridge === undefined ? "no bridge" : `bridge ${host.bridge}`,
    needs: `mode vdpa on bridge ${other.bridge}`,
    change: `a network on bridge ${host.bridge ?? ""}`,
  };
};

const more = (short: number): string => counted(Math.max(1, short), "more free slot");

const freeOfKind = ({ freeSlots }: CandidateHost, needs: PlacementNeeds) =>
  freeSlots.filter(({ kind }) => kind === kindOf(needs));

/** It has a slot for each NIC. */
export const slots: Filter = (host, needs) => {
  const wanted = needs.nics.length;
  // A host's slots are all of its mode's kind, so that counting them is enough.
  if (host.freeSlots.length >= wanted) return undefined;
  const short = wanted - host.freeSlots.length;
  return {
    found: `${host.freeSlots.length} of ${counted(host.slotCount, "slot")} free`,
    needs: counted(wanted, "free slot"),
    change: `${more(short)}${orDeleting(host, short, ({ slotCount }) => slotCount)}`,
  };
};

/** The slots have the queue pairs. */
export const queues: Filter = (host, needs) => {
  if (haveQueuePairs(host.freeSlots, needs.nics)) return undefined;
  const most = Math.max(0, ...freeOfKind(host, needs).map(({ maxVqp }) => maxVqp));
  const wanted = Math.max(...needs.nics.map(leastQueuePairs));
  return {
    found: `max_vqp ${most}`,
    needs: `${wanted} queue pairs`,
    change: `${most} queue pairs or fewer, or a profile with max_vqp ${wanted}`,
  };
};

/** Where the VM has to be on the NUMA node of its NICs: one node has it all. */
export const numa: Filter = (host, needs) => {
  if (needs.numa !== "required" || chooseSlots(host, needs) !== undefined) return undefined;
  const wanted = needs.nics.length;
  const nodes = host.numaNodes.map((node) => {
    const free = freeOfKind(host, needs).filter(({ numaNode }) => numaNode === node.node).length;
    return { ...node, free, isLarge: nodeFits(node, needs) };
  });
  const needed = `one NUMA node with ${counted(wanted, "free slot")}, ${needs.vcpuCount} CPU threads and ${mib(needs.memoryBytes)}`;
  if (nodes.length === 0) {
    return {
      found: "NUMA nodes unknown",
      needs: needed,
      change: "an agent that tells of NUMA nodes",
    };
  }
  const best = nodes.filter(({ isLarge }) => isLarge).sort((a, b) => b.free - a.free)[0];
  return {
    found: nodes
      .map(
        ({ node, free, threadCount, memoryBytes }) =>
          `node ${node}: ${counted(free, "free slot")}, ${threadCount} CPU threads, ${mib(memoryBytes)}`,
      )
      .join("; "),
    needs: needed,
    change:
      best === undefined
        ? "a smaller VM, or numa preferred"
        : `${more(wanted - best.free)} on NUMA node ${best.node}, or numa preferred`,
  };
};
