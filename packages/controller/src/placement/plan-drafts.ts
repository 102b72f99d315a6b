import {
  type ImageSpec,
  InvariantError,
  type JobId,
  PlanningError,
  type VmId,
  type VmSpec,
} from "@switchyard/model";
import {
  type CandidateHost,
  type HostPin,
  type Judgements,
  lintVm,
  type PlacementNeeds,
  planPlacement,
  type RejectedHost,
  refusedByRules,
  type VmPlace,
  withResident,
} from "@switchyard/planner";
import type { PlannedVm, ResidentRecord, RuleCheck } from "@switchyard/store";
import type { FleetView, ViewedNetwork } from "./fleet-view.ts";
import { capacityFor, slotName } from "./viewed-host.ts";

/** A VM that is to be placed. */
export interface VmDraft {
  readonly id: VmId;
  /** `queuePairs` 0 leaves the number to placement. */
  readonly spec: VmSpec;
  /** Of a VM that an experiment wants on a host of its own. */
  readonly pin?: HostPin;
}

/** A VM that no host can take, with the reason of each. */
export interface UnplacedVm {
  readonly id: VmId;
  readonly reasons: readonly RejectedHost[];
}

/** A draft with everything that is known of it before a host is chosen. */
export interface PreparedDraft {
  readonly draft: VmDraft;
  readonly networks: readonly ViewedNetwork[];
  readonly needs: PlacementNeeds;
}

/** @throws PlanningError LINT_FAILED */
function lint(
  { id, spec }: VmDraft,
  around: { readonly networks: readonly ViewedNetwork[]; readonly image: ImageSpec | undefined },
  view: FleetView,
): void {
  const { networks, image } = around;
  const asked = spec.nics.flatMap(({ address }) => (address === undefined ? [] : [address]));
  const nics = networks.map(({ spec: network }) => ({
    network,
    bridgeAddresses: view.bridgeAddresses(network, asked),
  }));
  const surroundings = { nics, ...(image !== undefined && { imageFormat: image.format }) };
  const [worst] = lintVm(id, spec, surroundings).filter(({ severity }) => severity === "error");
  if (worst === undefined) return;
  const { found, needs, fix } = worst;
  throw new PlanningError("LINT_FAILED", worst.message, {
    subject: `vms/${id}`,
    found,
    needs,
    try: fix,
  });
}

/** @throws StoreError NETWORK_NOT_FOUND, IMAGE_NOT_FOUND; PlanningError LINT_FAILED */
export async function prepareDraft(view: FleetView, draft: VmDraft): Promise<PreparedDraft> {
  const { spec } = draft;
  const networks: ViewedNetwork[] = [];
  for (const { network } of spec.nics) networks.push(await view.network(network));
  const image = spec.boot.kind === "image" ? await view.image(spec.boot.image) : undefined;
  lint(draft, { networks, image }, view);
  const bridges = networks.map((network) => network.spec.bridge);
  return { draft, networks, needs: needsOf(draft, { bridges, image }) };
}

/**
 * What a VM needs of its host.
 *
 * @param around.bridges of its NICs' networks, in their order
 * @param around.image that it boots from
 */
export function needsOf(
  { id, spec, pin }: VmDraft,
  around: { readonly bridges: readonly string[]; readonly image: ImageSpec | undefined },
): PlacementNeeds {
  const { vcpuCount, memoryBytes, hugepageBytes, hostSelector, boot, runtime } = spec;
  const { bridges, image } = around;
  return {
    vm: id,
    ...{ vcpuCount, memoryBytes, hugepageBytes, hostSelector },
    ...(runtime !== undefined && { runtime }),
    ...(pin !== undefined && { pin }),
    nics: spec.nics.map(({ kind, queuePairs }, at) => ({
      kind,
      queuePairs,
      bridge: bridges[at] ?? "",
    })),
    numa: spec.numa ?? "preferred",
    policy: spec.placementPolicy ?? "spread",
    labels: spec.labels ?? {},
    affinity: spec.affinity ?? [],
    ...(boot.kind === "image" && {
      image: { id: boot.image, architecture: image?.architecture },
    }),
  };
}

/** The fleet while several VMs are planned on it: each sees what those before it took. */
export interface Board {
  readonly candidates: CandidateHost[];
  readonly indexOf: ReadonlyMap<string, number>;
}

export function createBoard(view: FleetView): Board {
  const { candidates, indexOf } = view.roster();
  return { candidates: [...candidates], indexOf };
}

function take(board: Board, place: VmPlace, needs: PlacementNeeds): void {
  const at = board.indexOf.get(place.host);
  const host = at === undefined ? undefined : board.candidates[at];
  if (at === undefined || host === undefined) {
    throw new InvariantError(`placement chose ${place.host}, which was no candidate`);
  }
  board.candidates[at] = withResident(host, place, needs);
}

function plannedOf(
  view: FleetView,
  { draft, networks }: PreparedDraft,
  chosen: { readonly place: VmPlace; readonly job: JobId },
): PlannedVm {
  const { place, job } = chosen;
  const host = view.find(place.host);
  if (host === undefined) throw new InvariantError(`placement chose ${place.host}, which is gone`);
  const { spec } = draft;
  const nics = spec.nics.map((nic, at) => ({
    ...nic,
    queuePairs: place.nics[at]?.queuePairs ?? nic.queuePairs,
  }));
  return {
    id: draft.id,
    spec: { ...spec, nics },
    host: place.host,
    nics: place.nics.map(({ pf, vfIndex }, at) => ({
      ...{ pf, vfIndex },
      // Where a slot's MAC is the hardware's, the NIC takes it.
      mac: host.offer.fixedMacs.get(slotName({ pf, vfIndex })) ?? spec.nics[at]?.mac,
      address: spec.nics[at]?.address,
    })),
    job,
    capacity: capacityFor(host.offer, spec.hugepageBytes),
    hostEtag: host.etag,
    bridges: networks.map((network) => network.spec.bridge),
    networkEtags: Object.fromEntries(networks.map(({ id, etag }) => [id, etag])),
  };
}

export interface DraftsPlan {
  readonly planned: readonly PlannedVm[];
  readonly unplaced: readonly UnplacedVm[];
}

/** Places for the drafts on the board, one after the other; those that fit nowhere are told. */
export function planDrafts(
  view: FleetView,
  drafts: readonly PreparedDraft[],
  on: {
    readonly board: Board;
    readonly judgements: Judgements;
    readonly newJobId: () => JobId;
    /** Plans of these drafts that were stale. */
    readonly staleCount: number;
  },
): DraftsPlan {
  const planned: PlannedVm[] = [];
  const unplaced: UnplacedVm[] = [];
  for (const prepared of drafts) {
    const { needs } = prepared;
    const placement = planPlacement({
      needs,
      candidates: on.board.candidates,
      judgements: on.judgements,
      staleCount: on.staleCount,
    });
    if (placement.kind === "no-host") {
      unplaced.push({ id: needs.vm, reasons: placement.reasons });
      continue;
    }
    take(on.board, placement, needs);
    planned.push(plannedOf(view, prepared, { place: placement, job: on.newJobId() }));
  }
  return { planned, unplaced };
}

const withSlotCount = ({ slots, ...vm }: ResidentRecord) => ({ ...vm, slotCount: slots.length });

/** What is asked again where the hosts are locked; undefined where nobody's rules can matter. */
export function ruleCheckOf(
  drafts: readonly PreparedDraft[],
  planned: readonly PlannedVm[],
): RuleCheck | undefined {
  const needs = new Map(drafts.map((draft) => [draft.needs.vm, draft.needs]));
  const ruled = planned.flatMap(({ id, host }) => {
    const own = needs.get(id);
    return own === undefined ? [] : [{ needs: own, host }];
  });
  const matters = ruled.some(
    ({ needs: own }) => own.affinity.length > 0 || Object.keys(own.labels).length > 0,
  );
  if (!matters) return undefined;
  const together = ruled.flatMap(({ needs: own }) =>
    own.affinity.filter(({ kind, strength }) => kind === "together" && strength === "required"),
  );
  return {
    members: together.map(({ target }) => target),
    refuse: (residents) =>
      refusedByRules(
        ruled,
        [...residents].map(([host, vms]) => ({ host, residents: vms.map(withSlotCount) })),
      ),
  };
}
