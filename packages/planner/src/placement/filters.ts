import type { VmSpec } from "@switchyard/model";
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
  | "ready"
  | "labels"
  | "mode"
  | "bridge"
  | "slots"
  | "queues"
  | "vcpu"
  | "memory";

/** What a VM needs of its host. */
export interface PlacementNeeds {
  readonly spec: Pick<VmSpec, "vcpuCount" | "memoryBytes" | "queuePairs" | "hostSelector">;
  /** Bridge of the VM's network. */
  readonly bridge: string;
}

type Verdict = { readonly found: string; readonly needs: string } | undefined;
type Filter = (host: CandidateHost, needs: PlacementNeeds) => Verdict;

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

/** Queue pairs that the VM can't do without: it takes what there is when it leaves the choice open (0). */
export const leastQueuePairs = ({ queuePairs }: PlacementNeeds["spec"]): number =>
  Math.max(1, queuePairs);

export const fittingSlots = (
  host: CandidateHost,
  spec: PlacementNeeds["spec"],
): readonly FreeSlot[] => host.freeSlots.filter(({ maxVqp }) => maxVqp >= leastQueuePairs(spec));

/** In the order in which a person would ask; the answer names the first that fails. */
const FILTERS: readonly (readonly [FilterName, Filter])[] = [
  [
    "connected",
    ({ isConnected }) =>
      isConnected ? undefined : { found: "no heartbeat", needs: "a connected agent" },
  ],
  [
    "ready",
    ({ isReady }) =>
      isReady ? undefined : { found: "busy with an exclusive job", needs: "a ready host" },
  ],
  ["labels", labelsMiss],
  // A VM's NIC is a vDPA device; VFs that vfio holds are no slots for it.
  [
    "mode",
    ({ mode }) => (mode === "sriov" ? { found: "mode sriov", needs: "mode vdpa" } : undefined),
  ],
  [
    "bridge",
    ({ bridge }, needs) =>
      bridge === needs.bridge
        ? undefined
        : {
            found: bridge === undefined ? "no datapath applied" : `bridge ${bridge}`,
            needs: `mode vdpa on bridge ${needs.bridge}`,
          },
  ],
  [
    "slots",
    ({ freeSlots, slotCount }) =>
      freeSlots.length > 0
        ? undefined
        : { found: `0 of ${slotCount} slots free`, needs: "1 free slot" },
  ],
  [
    "queues",
    (host, { spec }) => {
      if (fittingSlots(host, spec).length > 0) return undefined;
      const most = Math.max(...host.freeSlots.map(({ maxVqp }) => maxVqp));
      return { found: `max_vqp ${most}`, needs: `${leastQueuePairs(spec)} queue pairs` };
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
];

/** The first filter that the host fails; undefined when it can take the VM. */
export function rejectHost(host: CandidateHost, needs: PlacementNeeds): RejectedHost | undefined {
  for (const [filter, judge] of FILTERS) {
    const verdict = judge(host, needs);
    if (verdict !== undefined) return { host: host.host, filter, ...verdict };
  }
  return undefined;
}
