import { type AffinityRule, parseHostId, parseVmId } from "@switchyard/model";
import { pciAddress } from "@switchyard/testkit/builders";
import type { CandidateHost, FreeSlot, Resident } from "../candidate.ts";
import type { NicNeed, PlacementNeeds } from "../needs.ts";

export const GIB = 1024 ** 3;

/** A slot of the first port, on NUMA node 1. */
export const slotOf = (vfIndex: number, change: Partial<FreeSlot> = {}): FreeSlot => ({
  kind: "vdpa",
  pf: pciAddress("0000:82:00.0"),
  vfIndex,
  maxVqp: 16,
  numaNode: 1,
  ...change,
});

/** Two sockets with 16 threads and 32 GiB each; two free slots. */
export function buildCandidate(
  name: string,
  overrides: Partial<CandidateHost> = {},
): CandidateHost {
  return {
    host: parseHostId(name),
    kind: "simulated",
    labels: { rack: "a" },
    isConnected: true,
    isReady: true,
    isSchedulable: true,
    architecture: "x86_64",
    mode: "vdpa",
    bridge: "cxbr0",
    slotCount: 2,
    freeSlots: [slotOf(0), slotOf(1)],
    threadCount: 32,
    allocatedVcpuCount: 0,
    memoryBytes: 64 * GIB,
    hugepages: [],
    numaNodes: [0, 1].map((node) => ({ node, threadCount: 16, memoryBytes: 32 * GIB })),
    images: new Set(),
    residents: [],
    ...overrides,
  };
}

export const nicNeed = (change: Partial<NicNeed> = {}): NicNeed => ({
  kind: "vdpa",
  bridge: "cxbr0",
  queuePairs: 4,
  ...change,
});

export const buildNeeds = (change: Partial<PlacementNeeds> = {}): PlacementNeeds => ({
  vm: parseVmId("vm-1"),
  vcpuCount: 4,
  memoryBytes: 4 * GIB,
  nics: [nicNeed()],
  hostSelector: {},
  numa: "preferred",
  policy: "spread",
  labels: {},
  affinity: [],
  ...change,
});

export const resident = (name: string, change: Partial<Resident> = {}): Resident => ({
  vm: parseVmId(name),
  labels: {},
  affinity: [],
  vcpuCount: 4,
  memoryBytes: 4 * GIB,
  slotCount: 1,
  ...change,
});

/** A rule on a group. */
export const grouped = (
  kind: AffinityRule["kind"],
  group: string,
  strength: AffinityRule["strength"] = "required",
): AffinityRule => ({ kind, strength, target: { kind: "group", group } });

/** A rule on VMs with a label. */
export const labelled = (
  kind: AffinityRule["kind"],
  labels: Readonly<Record<string, string>>,
  strength: AffinityRule["strength"] = "required",
): AffinityRule => ({ kind, strength, target: { kind: "labels", labels } });
