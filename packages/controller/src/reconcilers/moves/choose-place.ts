import type { Inventory } from "@switchyard/model";
import { liveObstacle } from "@switchyard/planner";
import type { MoveRecord, Transaction, VmRecord } from "@switchyard/store";
import { chooseTarget, type Target } from "./choose-target.ts";

/** Where a VM goes, and whether while it runs. */
export interface Place {
  readonly place:
    | Target
    /** It was to go live or not at all. */
    | { readonly kind: "blocked"; readonly found: string; readonly needs: string };
  readonly isLive: boolean;
}

interface LiveFacts {
  readonly spec: VmRecord["spec"];
  readonly nics: VmRecord["allocation"]["nics"];
  readonly host: Inventory | undefined;
}

/**
 * Chooses a host that the VM can go to while it runs, where there is one and nobody asked for less; else any that has
 * room. A VM that does not run, or whose host is gone, goes cold.
 */
export async function choosePlace(tx: Transaction, move: MoveRecord, vm: VmRecord): Promise<Place> {
  const { mode, cause, hasNewDisk } = move;
  const isRunning = vm.state === "running";
  if (mode !== "cold" && cause !== "fenced" && isRunning && !hasNewDisk) {
    const { inventory: host } = await tx.hosts.get(move.sourceHost);
    const facts: LiveFacts = { spec: vm.spec, nics: vm.allocation.nics, host };
    const fits = (other: Inventory | undefined) =>
      other !== undefined && liveObstacle(facts, other) === undefined;
    const place = await chooseTarget(tx, move, vm, fits);
    if (place.kind === "held") return { place, isLive: true };
    if (mode === "live") return { place: await whyNotLive(tx, move, facts, place), isLive: true };
  }
  if (mode === "live") {
    const needs = "a VM that runs";
    return { place: { kind: "blocked", found: `state ${vm.state}`, needs }, isLive: true };
  }
  return { place: await chooseTarget(tx, move, vm), isLive: false };
}

/** What keeps the VM from the hosts it could go to, or that those without an obstacle have no room. */
async function whyNotLive(
  tx: Transaction,
  { sourceHost, wantedHost }: MoveRecord,
  facts: LiveFacts,
  place: Target,
): Promise<Place["place"]> {
  const others = (await tx.hosts.listCandidates()).flatMap(({ host }) =>
    host.id === sourceHost || (wantedHost !== undefined && host.id !== wantedHost)
      ? []
      : (host.inventory ?? []),
  );
  const obstacles = others.map((other) => liveObstacle(facts, other));
  if (obstacles.some((each) => each === undefined)) return place;
  const [first] = obstacles;
  const none = { found: "no other host that takes VMs", needs: "a host like its own" };
  return { kind: "blocked", ...(first ?? none) };
}
