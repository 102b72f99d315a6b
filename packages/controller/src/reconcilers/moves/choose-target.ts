import {
  type HostId,
  InvariantError,
  type Inventory,
  isExclusive,
  type JobState,
} from "@switchyard/model";
import { planPlacement, type RejectedHost } from "@switchyard/planner";
import type { MoveRecord, TargetOutcome, Transaction, VmRecord } from "@switchyard/store";
import { needsOf } from "../../placement/plan-drafts.ts";
import { capacityFor, type ViewedHost, viewHost } from "../../placement/viewed-host.ts";

/** Places tried before giving up: each lost race or busy host takes one. */
const ATTEMPTS_MAX = 64;
const LIVE_JOBS_MAX = 1000;
const LIVE_STATES: readonly JobState[] = ["pending", "accepted", "running"];

export type Target =
  | Extract<TargetOutcome, { readonly kind: "held" }>
  | { readonly kind: "none"; readonly reasons: readonly RejectedHost[] };

async function hasExclusiveJob(tx: Transaction, host: HostId): Promise<boolean> {
  const page = { size: LIVE_JOBS_MAX, after: undefined };
  const live = await tx.jobs.list({ ...page, host, states: LIVE_STATES });
  return live.items.some(({ kind }) => isExclusive(kind));
}

/** Hosts that the VM may go to: any but the one it leaves, or the one it is to go to. */
const mayGo = ({ sourceHost, wantedHost }: MoveRecord, host: HostId): boolean =>
  host !== sourceHost && (wantedHost === undefined || host === wantedHost);

/**
 * Finds a host for a VM as its creation does, without the one it leaves, and takes slots and capacity there.
 * Its MACs and addresses go with it.
 *
 * @param isFit leaves out hosts that would do for a VM that is not on its way
 */
export async function chooseTarget(
  tx: Transaction,
  move: MoveRecord,
  vm: VmRecord,
  isFit: (inventory: Inventory | undefined) => boolean = () => true,
): Promise<Target> {
  const views = new Map<HostId, ViewedHost>();
  for (const each of await tx.hosts.listCandidates()) {
    const { id, inventory } = each.host;
    const view = mayGo(move, id) && isFit(inventory) ? viewHost(each, false) : undefined;
    if (view !== undefined) views.set(each.host.id, view);
  }
  const { boot } = vm.spec;
  const image = boot.kind === "image" ? (await tx.images.get(boot.image)).spec : undefined;
  const bridges = vm.allocation.nics.map(({ bridge }) => bridge);
  const needs = needsOf(vm, { bridges, image });
  const candidates = new Map([...views].map(([host, { candidate }]) => [host, candidate]));
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const placement = planPlacement({ needs, candidates: [...candidates.values()] });
    if (placement.kind === "no-host") return { kind: "none", reasons: placement.reasons };
    const candidate = candidates.get(placement.host);
    const offer = views.get(placement.host)?.offer;
    if (candidate === undefined || offer === undefined) {
      throw new InvariantError(`placement chose ${placement.host}, which was no candidate`);
    }
    if (await hasExclusiveJob(tx, placement.host)) {
      candidates.set(placement.host, { ...candidate, isReady: false });
      continue;
    }
    const slots = placement.nics.map(({ pf, vfIndex }) => ({ pf, vfIndex }));
    const outcome = await tx.moves.holdTarget({
      ...{ move: move.id, vm, host: placement.host, slots },
      capacity: capacityFor(offer, vm.spec.hugepageBytes),
    });
    if (outcome.kind === "held") return outcome;
    const isTaken = ({ pf, vfIndex }: { readonly pf: string; readonly vfIndex: number }) =>
      slots.some((slot) => slot.pf === pf && slot.vfIndex === vfIndex);
    const freeSlots = candidate.freeSlots.filter((slot) => !isTaken(slot));
    candidates.set(placement.host, { ...candidate, freeSlots });
  }
  return { kind: "none", reasons: [] };
}
