import {
  type ExperimentId,
  type HostKind,
  InvalidInputError,
  type NetworkId,
  PlanningError,
  type ProfileId,
  StoreError,
} from "@switchyard/model";
import { environmentOf, orderModes } from "@switchyard/planner";
import { seededRandom } from "@switchyard/runtime";
import type { ExperimentRecord, HostRecord, Transaction } from "@switchyard/store";
import { refuseLeased } from "../hosts/refuse-leased.ts";
import type { ApiParts } from "../parts.ts";
import { observedHost } from "../plans/create-plan.ts";
import type { AskedExperiment } from "../validation/experiment.ts";
import { hostName, vmName } from "../validation/names.ts";
import { fitHost } from "./fit-hosts.ts";
import { SWITCHING_MS } from "./limits.ts";
import { pairOf } from "./pair.ts";

type Parts = Pick<ApiParts, "clock" | "random">;

/** Two are enough to know that there is more than one. */
const NETWORKS_LOOKED_AT = 2;

/** @throws InvalidInputError FIELD_INVALID where there is not exactly one to choose */
async function chooseNetwork(tx: Transaction, asked: NetworkId | undefined): Promise<NetworkId> {
  if (asked !== undefined) return asked;
  const { items } = await tx.networks.list({ size: NETWORKS_LOOKED_AT, after: undefined });
  const [only] = items;
  if (only !== undefined && items.length === 1) return only.id;
  const field = "experiment.spec.network";
  const description = `is needed: there ${items.length === 0 ? "is none" : "are several"}`;
  const needs = { needs: "the network that the VMs are in", try: "swy network list" };
  throw new InvalidInputError("FIELD_INVALID", `${field} ${description}`, needs, [
    { field, description },
  ]);
}

/** @throws StoreError NAME_TAKEN */
async function refuseTakenNames(
  tx: Transaction,
  which: Parameters<typeof pairOf>[0],
): Promise<void> {
  for (const { vm } of pairOf(which)) {
    if ((await tx.vms.find(vm)) === undefined) continue;
    throw new StoreError("NAME_TAKEN", `the experiment's VM would be ${vm}, which exists`, {
      subject: vmName.format(vm),
      try: "another name for the experiment",
    });
  }
}

/** Figures of two grounds in one would be nobody's. @throws PlanningError EXPERIMENT_HOST_UNFIT */
function groundOf(hosts: readonly HostRecord[], kinds: readonly HostKind[]): HostKind {
  const [ground] = kinds;
  if (ground !== undefined && kinds.every((kind) => kind === ground)) return ground;
  throw new PlanningError("EXPERIMENT_HOST_UNFIT", "the hosts do not stand on the same ground", {
    subject: hosts.map(({ id }) => hostName.format(id)).join(", "),
    found: kinds.join(", "),
    needs: "hosts that are all real, all of the lab or all simulated",
  });
}

/**
 * Takes the hosts, and lets the experiment begin.
 *
 * @throws StoreError NAME_TAKEN, HOST_NOT_FOUND, NETWORK_NOT_FOUND, IMAGE_NOT_FOUND, HOST_IN_EXPERIMENT
 * @throws InvalidInputError FIELD_INVALID
 * @throws PlanningError HOST_NOT_READY, HOST_HAS_NO_PROFILE, PROFILE_AMBIGUOUS, MODE_NOT_DESCRIBED,
 *   VMS_WOULD_BREAK, EXPERIMENT_HOST_UNFIT
 */
export async function createExperiment(
  parts: Parts,
  tx: Transaction,
  draft: { readonly id: ExperimentId; readonly asked: AskedExperiment },
): Promise<ExperimentRecord> {
  const { id } = draft;
  const { seed: askedSeed, ...asked } = draft.asked;
  const spec = { ...asked, network: await chooseNetwork(tx, asked.network) };
  const network = (await tx.networks.get(spec.network)).spec;
  await tx.images.get(spec.image);
  await refuseTakenNames(tx, { id, spec });
  const hosts: HostRecord[] = [];
  const kinds: HostKind[] = [];
  for (const name of spec.hosts) {
    const host = await tx.hosts.get(name);
    refuseLeased(host);
    hosts.push(host);
    kinds.push(await fitHost(parts, tx, { host, wanted: { ...spec, network } }));
  }
  const seed = askedSeed ?? parseInt(parts.random.hex(4), 16);
  return tx.experiments.create({
    ...{ id, spec, seed },
    ground: groundOf(hosts, kinds),
    modeOrder: orderModes(spec.modes, seededRandom(seed).float),
    environment: hosts.map((host) => environmentOf(host.id, observedHost(host).inventory)),
    deadlineMs: parts.clock.nowMs() + SWITCHING_MS,
  });
}

/** Hosts in an experiment go back to their profile as it is. @throws StoreError RESOURCE_IN_USE */
export async function refuseWhileMeasured(tx: Transaction, profile: ProfileId): Promise<void> {
  for (const experiment of await tx.experiments.listLive()) {
    for (const { host, isReleased } of await tx.experiments.listHosts(experiment)) {
      if (isReleased || (await tx.hosts.get(host)).appliedProfile !== profile) continue;
      throw new StoreError("RESOURCE_IN_USE", `profile ${profile} is needed by an experiment`, {
        found: `experiments/${experiment} on ${hostName.format(host)}`,
        needs: "no experiment on hosts of the profile",
        try: `swy bench get ${experiment}`,
      });
    }
  }
}
