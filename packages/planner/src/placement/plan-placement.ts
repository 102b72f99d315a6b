import type { HostId } from "@switchyard/model";
import { fleetAffinity } from "./affinity.ts";
import { type CandidateHost, compareText, type FreeSlot } from "./candidate.ts";
import type { RejectedHost } from "./filters/filter.ts";
import { rejectHost } from "./filters/reject-host.ts";
import { type Judge, type Judgement, type Judgements, judge } from "./judgements.ts";
import type { PlacementNeeds } from "./needs.ts";
import { scatterSlots } from "./slots.ts";
import { type Option, tieOrderOf } from "./weighers.ts";

/** A slot that one of the VM's NICs takes. */
export interface PlacedNic extends FreeSlot {
  /** As asked for; where the VM left it open, as many as its vCPUs and the slot allow; 0 for `sriov`. */
  readonly queuePairs: number;
}

export interface VmPlace {
  readonly kind: "placed";
  readonly host: HostId;
  /** In the order of the VM's NICs. */
  readonly nics: readonly PlacedNic[];
}

export type Placement =
  | VmPlace
  | { readonly kind: "no-host"; readonly reasons: readonly RejectedHost[] };

/** The VM with the slots it would take of the host. */
export function placedOn({ host, slots }: Option, needs: PlacementNeeds): VmPlace {
  const nics = slots.map((slot, index): PlacedNic => {
    const asked = needs.nics[index]?.queuePairs ?? 0;
    const most = Math.min(needs.vcpuCount, slot.maxVqp);
    return { ...slot, queuePairs: slot.kind === "sriov" ? 0 : asked > 0 ? asked : most };
  });
  return { kind: "placed", host: host.host, nics };
}

/** Where a host stands among those that fit a VM. */
export interface Ranked {
  readonly total: number;
  /** Of hosts with the same total, by {@link tieOrderOf}. */
  readonly order: number;
  readonly host: string;
}

/** The higher total; of two hosts alike the one that the VM's name orders first, then the lower name. */
export function isBetter(left: Ranked, right: Ranked): boolean {
  if (left.total !== right.total) return left.total > right.total;
  if (left.order !== right.order) return left.order < right.order;
  return compareText(left.host, right.host) < 0;
}

function best(
  { vm }: PlacementNeeds,
  candidates: readonly CandidateHost[],
  judgeHost: Judge,
): Judgement | undefined {
  const orderOf = tieOrderOf(vm);
  let found: Judgement | undefined;
  let first: Ranked | undefined;
  for (const candidate of candidates) {
    const judgement = judgeHost(candidate);
    if (judgement === undefined) continue;
    const { total } = judgement;
    if (first !== undefined && total < first.total) continue;
    const { host } = candidate;
    const ranked = { total, order: orderOf(host), host };
    if (first !== undefined && !isBetter(ranked, first)) continue;
    found = judgement;
    first = ranked;
  }
  return found;
}

/**
 * Chooses a host and slots for a VM: filters, then the weighted sum of all weighers, then an order of its own
 * for each VM's name. The same input always gives the same answer, whatever the order of the candidates.
 */
export function planPlacement(input: {
  readonly needs: PlacementNeeds;
  readonly candidates: readonly CandidateHost[];
  /** Plans of the VM before that were stale: each begins with other slots of a host; 0 with the lowest. */
  readonly staleCount?: number;
  /** What is remembered of the candidates from VMs before; default: nothing. It changes no answer. */
  readonly judgements?: Judgements;
}): Placement {
  const { needs, candidates, staleCount = 0, judgements } = input;
  const around = fleetAffinity(needs, candidates);
  const judgeHost: Judge =
    judgements?.judgeFor(needs, around) ?? ((host) => judge(host, needs, around));
  const found = best(needs, candidates, judgeHost);
  if (found !== undefined && staleCount > 0) {
    const seed = tieOrderOf(needs.vm)(found.host.host) + staleCount;
    return placedOn({ ...found, slots: scatterSlots(found.host, found.slots, seed) }, needs);
  }
  if (found !== undefined) return placedOn(found, needs);
  const reasons = candidates.flatMap((host) => rejectHost(host, needs, around) ?? []);
  return { kind: "no-host", reasons: reasons.sort((a, b) => compareText(a.host, b.host)) };
}

/** The host once the VM is on it. */
export function withResident(
  host: CandidateHost,
  placed: VmPlace,
  needs: Pick<
    PlacementNeeds,
    "vm" | "vcpuCount" | "memoryBytes" | "hugepageBytes" | "labels" | "affinity"
  >,
): CandidateHost {
  const { vm, vcpuCount, memoryBytes, hugepageBytes, labels, affinity } = needs;
  const isTaken = ({ pf, vfIndex, sharedGroup }: FreeSlot): boolean =>
    placed.nics.some(
      (nic) =>
        (nic.pf === pf && nic.vfIndex === vfIndex) ||
        (sharedGroup !== undefined && nic.sharedGroup === sharedGroup),
    );
  const slotCount = placed.nics.length;
  return {
    ...host,
    freeSlots: host.freeSlots.filter((slot) => !isTaken(slot)),
    allocatedVcpuCount: host.allocatedVcpuCount + vcpuCount,
    residents: [
      ...host.residents,
      { vm, labels, affinity, vcpuCount, memoryBytes, hugepageBytes, slotCount },
    ],
  };
}
