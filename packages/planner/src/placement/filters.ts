import type { NicKind, NicSpec, VmSpec } from "@switchyard/model";
import { libvirtMisfit } from "../vm/runtime-findings.ts";
import { type CandidateHost, type FreeSlot, freeMemoryBytes, freeVcpuCount } from "./candidate.ts";

/** Why a host can't take a VM: the first filter it fails, with its numbers. */
export interface RejectedHost {
  readonly host: string;
  readonly filter: FilterName;
  readonly found: string;
  readonly needs: string;
}

export type FilterName =
  | "connected"
  | "cordoned"
  | "ready"
  | "labels"
  | "mode"
  | "bridge"
  | "slots"
  | "queues"
  | "vcpu"
  | "memory"
  | "runtime";

/** What a VM needs of its host. */
export interface PlacementNeeds {
  readonly spec: Pick<VmSpec, "vcpuCount" | "memoryBytes" | "nics" | "hostSelector" | "runtime">;
  /** Bridge of each NIC's network, in the NICs' order. */
  readonly bridges: readonly string[];
}

type Verdict = { readonly found: string; readonly needs: string } | undefined;
type Filter = (host: CandidateHost, needs: PlacementNeeds) => Verdict;

const NO_DATAPATH = "no datapath applied";
const MIB = 1024 * 1024;
const mib = (bytes: number): string => `${Math.floor(Math.max(0, bytes) / MIB)} MiB`;

const labelsMiss: Filter = ({ labels }, { spec }) => {
  const wanted = Object.entries(spec.hostSelector);
  const missed = wanted.filter(([key, value]) => labels[key] !== value);
  if (missed.length === 0) return undefined;
  const show = (pairs: readonly (readonly [string, string | undefined])[]) =>
    pairs.map(([key, value]) => `${key}=${value ?? ""}`).join(", ");
  return { found: show(missed.map(([key]) => [key, labels[key]])), needs: show(missed) };
};

/** Queue pairs that a NIC can't do without: it takes what there is when it leaves the choice open (0). */
export const leastQueuePairs = ({ kind, queuePairs }: NicSpec): number =>
  kind === "sriov" ? 0 : Math.max(1, queuePairs);

/** The kind of all NICs of a VM. */
const kindOf = ({ nics }: PlacementNeeds["spec"]): NicKind => nics[0]?.kind ?? "vdpa";

/**
 * A free slot for each NIC, in the NICs' order: the one with fewest queue pairs that will do, then the
 * lowest. NICs choose in order of their demand, so that if there is a way to seat all, it is found.
 * Undefined when there is none.
 */
export function chooseSlots(
  host: CandidateHost,
  nics: readonly NicSpec[],
): readonly FreeSlot[] | undefined {
  const free = [...host.freeSlots].sort(compareSlots);
  const order = nics
    .map((nic, at) => ({ at, least: leastQueuePairs(nic) }))
    .sort((left, right) => right.least - left.least || left.at - right.at);
  const chosen: FreeSlot[] = [];
  for (const { at, least } of order) {
    const found = free.findIndex(({ maxVqp }) => maxVqp >= least);
    const [slot] = found < 0 ? [] : free.splice(found, 1);
    if (slot === undefined) return undefined;
    chosen[at] = slot;
  }
  return chosen;
}

const compareSlots = (left: FreeSlot, right: FreeSlot): number =>
  left.maxVqp - right.maxVqp || compareText(left.pf, right.pf) || left.vfIndex - right.vfIndex;

/** By code unit, never by locale: controllers in different locales must choose alike. */
export const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;

/** In the order in which a person would ask; the answer names the first that fails. */
const FILTERS: readonly (readonly [FilterName, Filter])[] = [
  [
    "connected",
    ({ isConnected }) =>
      isConnected ? undefined : { found: "no heartbeat", needs: "a connected agent" },
  ],
  [
    "cordoned",
    ({ isSchedulable, host }) =>
      isSchedulable
        ? undefined
        : { found: "cordoned", needs: `a host that takes VMs: swy host uncordon ${host}` },
  ],
  [
    "ready",
    ({ isReady }) =>
      isReady ? undefined : { found: "busy with an exclusive job", needs: "a ready host" },
  ],
  ["labels", labelsMiss],
  [
    "mode",
    ({ mode }, { spec }) => {
      const kind = kindOf(spec);
      const isRight = mode === kind || (mode === undefined && kind === "vdpa");
      if (isRight) return undefined;
      const found = mode === undefined ? NO_DATAPATH : `mode ${mode}`;
      return { found, needs: `mode ${kind}` };
    },
  ],
  [
    "bridge",
    ({ bridge }, { bridges, spec }) => {
      const wanted = bridges.find((each) => each !== bridge);
      // VFs by vfio go through the NIC's own switch.
      if (wanted === undefined || kindOf(spec) === "sriov") return undefined;
      return {
        found: bridge === undefined ? NO_DATAPATH : `bridge ${bridge}`,
        needs: `mode vdpa on bridge ${wanted}`,
      };
    },
  ],
  [
    "slots",
    ({ freeSlots, slotCount }, { spec: { nics } }) =>
      freeSlots.length >= nics.length
        ? undefined
        : {
            found: `${freeSlots.length} of ${slotCount} slots free`,
            needs: nics.length === 1 ? "1 free slot" : `${nics.length} free slots`,
          },
  ],
  [
    "queues",
    (host, { spec }) => {
      if (chooseSlots(host, spec.nics) !== undefined) return undefined;
      const offered = host.freeSlots.map(({ maxVqp }) => maxVqp).sort((a, b) => b - a);
      return {
        found: `max_vqp ${offered.slice(0, spec.nics.length).join(", ")}`,
        needs: `${spec.nics.map(leastQueuePairs).join(", ")} queue pairs`,
      };
    },
  ],
  [
    "vcpu",
    (host, { spec }) =>
      freeVcpuCount(host) >= spec.vcpuCount
        ? undefined
        : {
            found: `${Math.max(0, freeVcpuCount(host))} vCPUs free`,
            needs: `${spec.vcpuCount} vCPUs`,
          },
  ],
  [
    "memory",
    (host, { spec }) =>
      freeMemoryBytes(host) >= spec.memoryBytes
        ? undefined
        : { found: `${mib(freeMemoryBytes(host))} free`, needs: mib(spec.memoryBytes) },
  ],
  ["runtime", ({ libvirtVersion }, { spec }) => libvirtMisfit(spec, libvirtVersion)],
];

/** The first filter that the host fails; undefined when it can take the VM. */
export function rejectHost(host: CandidateHost, needs: PlacementNeeds): RejectedHost | undefined {
  for (const [filter, judge] of FILTERS) {
    const verdict = judge(host, needs);
    if (verdict !== undefined) return { host: host.host, filter, ...verdict };
  }
  return undefined;
}
