import {
  findVf,
  type HostId,
  InvariantError,
  type Inventory,
  type Ipv4Cidr,
  isExclusive,
  type JobState,
  type NetworkSpec,
  PlanningError,
  StoreError,
  type VmId,
  type VmSpec,
} from "@switchyard/model";
import {
  type CandidateHost,
  lintVm,
  ordinaryMemoryBytes,
  type Placement,
  planPlacement,
  usableMemoryBytes,
} from "@switchyard/planner";
import type { ImageRecord, PlacementCandidate, Transaction, VmRecord } from "@switchyard/store";
import { observedInventory } from "../hosts/slots.ts";
import { noteFetch } from "../images/fetch-image.ts";
import type { ApiParts } from "../parts.ts";
import { toCandidate } from "./candidates.ts";
import { noCapacity } from "./no-capacity.ts";
import { createVmJob } from "./vm-jobs.ts";

/** Places tried before giving up: each lost race or busy host takes one. */
const ATTEMPTS_MAX = 64;

const LIVE_STATES: readonly JobState[] = ["pending", "accepted", "running"];

/** Live jobs of one host looked at; it runs VM jobs by the slot, and has fewer slots. */
const LIVE_JOBS_MAX = 1000;

export interface VmDraft {
  readonly id: VmId;
  readonly spec: VmSpec;
}

type Placed = Extract<Placement, { readonly kind: "placed" }>;

function bridgeAddresses(
  fleet: readonly PlacementCandidate[],
  bridge: string,
): readonly Ipv4Cidr[] {
  return fleet.flatMap(({ host }) => {
    const bridges = host.inventory?.ovs?.bridges ?? [];
    return bridges.filter(({ name }) => name === bridge).flatMap(({ addresses }) => addresses);
  });
}

/** @throws PlanningError LINT_FAILED */
function lint(
  { id, spec }: VmDraft,
  around: {
    readonly networks: readonly NetworkSpec[];
    readonly fleet: readonly PlacementCandidate[];
    readonly image: ImageRecord | undefined;
  },
): void {
  const { networks, fleet, image } = around;
  const nics = networks.map((network) => ({
    network,
    bridgeAddresses: bridgeAddresses(fleet, network.bridge),
  }));
  const surroundings = { nics, ...(image !== undefined && { imageFormat: image.spec.format }) };
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

async function hasExclusiveJob(tx: Transaction, host: HostId): Promise<boolean> {
  const live = await tx.jobs.list({
    size: LIVE_JOBS_MAX,
    after: undefined,
    host,
    states: LIVE_STATES,
  });
  return live.items.some(({ kind }) => isExclusive(kind));
}

/** One of the slots was taken; which one is not known, and the next inventory tells. */
const withoutSlots = (candidate: CandidateHost, { nics }: Placed): CandidateHost => ({
  ...candidate,
  freeSlots: candidate.freeSlots.filter(
    ({ pf, vfIndex }) => !nics.some(({ slot }) => slot.pf === pf && slot.vfIndex === vfIndex),
  ),
});

function take(
  tx: Transaction,
  draft: VmDraft,
  chosen: { readonly placed: Placed; readonly inventory: Inventory },
) {
  const { placed, inventory } = chosen;
  const { spec } = draft;
  const queuePairsOf = (at: number) => placed.nics[at]?.queuePairs ?? 0;
  return tx.vms.place({
    id: draft.id,
    spec: {
      ...spec,
      nics: spec.nics.map((nic, at) => ({ ...nic, queuePairs: queuePairsOf(at) })),
    },
    host: placed.host,
    nics: placed.nics.map(({ slot: { pf, vfIndex } }, at) => ({
      ...{ pf, vfIndex },
      // Where a slot's MAC is the hardware's, the NIC takes it.
      mac: findVf(inventory, pf, vfIndex)?.fixedMac ?? spec.nics[at]?.mac,
      address: spec.nics[at]?.address,
    })),
    capacity: {
      vcpuCount: inventory.cpu.threadCount,
      memoryBytes: usableMemoryBytes({ memoryBytes: ordinaryMemoryBytes(inventory) }),
    },
  });
}

/**
 * Tries hosts in the order of placement until one transaction could take everything. A host that turns
 * out busy, or where another VM was faster, is judged again with what was learned.
 */
async function place(
  tx: Transaction,
  draft: VmDraft,
  around: {
    readonly networks: readonly NetworkSpec[];
    readonly fleet: readonly PlacementCandidate[];
  },
): Promise<VmRecord> {
  const inventories = new Map(around.fleet.map(({ host }) => [host.id, observedInventory(host)]));
  const candidates = new Map(
    around.fleet.flatMap((each) => {
      const candidate = toCandidate(each);
      return candidate === undefined ? [] : [[candidate.host, candidate] as const];
    }),
  );
  const needs = { spec: draft.spec, bridges: around.networks.map(({ bridge }) => bridge) };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const placement = planPlacement({
      needs,
      candidates: [...candidates.values()],
      policy: "spread",
    });
    if (placement.kind === "no-host") throw noCapacity(draft.id, placement.reasons);
    const candidate = candidates.get(placement.host);
    const inventory = inventories.get(placement.host);
    if (candidate === undefined || inventory === undefined) {
      throw new InvariantError(`placement chose ${placement.host}, which was no candidate`);
    }
    if (await hasExclusiveJob(tx, placement.host)) {
      candidates.set(placement.host, { ...candidate, isReady: false });
      continue;
    }
    const outcome = await take(tx, draft, { placed: placement, inventory });
    if (outcome.kind === "placed") return outcome.vm;
    candidates.set(placement.host, withoutSlots(candidate, placement));
  }
  throw noCapacity(draft.id, []);
}

/** Before capacity is looked at: whoever asks for a VM that exists wants to know just that. */
async function refuseTakenName(tx: Transaction, id: VmId): Promise<void> {
  if ((await tx.vms.find(id)) === undefined) return;
  throw new StoreError("NAME_TAKEN", `VM ${id} exists already`, { subject: `vms/${id}` });
}

/** The image the VM boots from, kept from being deleted by the VM's foreign key. @throws StoreError IMAGE_NOT_FOUND */
const imageOf = async (tx: Transaction, { boot }: VmSpec): Promise<ImageRecord | undefined> =>
  boot.kind === "image" ? tx.images.get(boot.image) : undefined;

/**
 * Places the VM, takes what it needs, and makes the job that starts it.
 *
 * @throws StoreError NAME_TAKEN, NETWORK_NOT_FOUND, IMAGE_NOT_FOUND, IP_POOL_EXHAUSTED, IP_TAKEN,
 *   MAC_POOL_EXHAUSTED, MAC_TAKEN
 * @throws PlanningError LINT_FAILED
 * @throws PreconditionError NO_CAPACITY
 */
export async function createVm(
  parts: ApiParts,
  tx: Transaction,
  draft: VmDraft,
): Promise<VmRecord> {
  await refuseTakenName(tx, draft.id);
  const networks: NetworkSpec[] = [];
  for (const nic of draft.spec.nics) networks.push((await tx.networks.get(nic.network)).spec);
  const image = await imageOf(tx, draft.spec);
  const fleet = await tx.hosts.listCandidates();
  lint(draft, { networks, fleet, image });
  const vm = await place(tx, draft, { networks, fleet });
  const job = await createVmJob(parts, tx, { kind: "start-vm", vm });
  if (image !== undefined) await noteFetch(tx, { image: image.id, job });
  return tx.vms.setState({ id: vm.id, state: "starting", job: job.id });
}
