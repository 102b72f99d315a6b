import {
  type HostDesired,
  type Ipv4Cidr,
  type NetworkId,
  type NetworkSpec,
  PlanningError,
  StoreError,
} from "@switchyard/model";
import type { HostFacts, PlacedVm } from "@switchyard/planner";
import type { HostRecord, ProfileRecord, Transaction } from "@switchyard/store";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { desireProfile } from "../plans/host-desired.ts";
import { matchingProfiles } from "../plans/select-profile.ts";
import type { Look } from "./examine.ts";
import type { FleetView } from "./fleet-view.ts";

/** VMs of one host; no NIC has more VFs than 127, and a host holds few NICs. */
const VMS_PER_HOST_MAX = 4096;
/** Newest jobs of the host that are looked at. */
const JOBS_MAX = 20;

interface Desire {
  readonly desired: HostDesired | undefined;
  readonly desireTrouble: string | undefined;
}

type FactParts = Pick<ApiParts, "clock" | "random">;

/** What is known of a host besides what the database has. */
export interface KnownOfHost {
  readonly look: Look;
  readonly fleet: FleetView;
}

async function desire(
  parts: FactParts,
  tx: Transaction,
  { host, profiles }: { readonly host: HostRecord; readonly profiles: readonly ProfileRecord[] },
): Promise<Desire> {
  const nothing = { desired: undefined, desireTrouble: undefined };
  const [profile] = profiles;
  const { inventory } = host;
  if (profile === undefined || profiles.length > 1 || inventory === undefined) return nothing;
  try {
    const { random } = parts;
    return { ...nothing, desired: await desireProfile({ tx, random, host, inventory }, profile) };
  } catch (error) {
    const isTrouble = error instanceof StoreError || error instanceof PlanningError;
    if (!isTrouble) throw error;
    return { ...nothing, desireTrouble: `${error.reason}: ${error.message}` };
  }
}

async function listVms(tx: Transaction, host: HostRecord): Promise<readonly PlacedVm[]> {
  const vms = await listAll((page) => tx.vms.list({ ...page, host: host.id }), VMS_PER_HOST_MAX);
  return vms.map(({ id, state, spec, allocation }) => ({ vm: id, state, spec, allocation }));
}

async function readNetworks(
  tx: Transaction,
  vms: readonly PlacedVm[],
): Promise<Readonly<Record<string, NetworkSpec>>> {
  const networks: Record<string, NetworkSpec> = {};
  const ids = new Set<NetworkId>(
    vms.flatMap(({ spec }) => spec.nics.map(({ network }) => network)),
  );
  for (const id of ids) networks[id] = (await tx.networks.get(id)).spec;
  return networks;
}

function addressesOf(host: HostRecord, desired: HostDesired | undefined): readonly Ipv4Cidr[] {
  const wished = desired?.datapath?.mode === "vdpa" ? desired.datapath.bridge : undefined;
  const bridge = host.inventory?.ovs?.bridges.find(({ name }) => name === wished?.name);
  const wanted = wished?.address === undefined ? [] : [wished.address];
  return [...new Set([...(bridge?.addresses ?? []), ...wanted])];
}

/**
 * Gathers what is known of a host. What its profile has to reserve is reserved: the transaction is one that is rolled
 * back, or that goes on to plan the host.
 */
export async function gatherHostFacts(
  parts: FactParts,
  tx: Transaction,
  { look, fleet }: KnownOfHost,
): Promise<HostFacts> {
  const { host, examination, silence } = look;
  const profiles = matchingProfiles(host.labels, await tx.profiles.listAll());
  const { desired, desireTrouble } = await desire(parts, tx, { host, profiles });
  const vms = await listVms(tx, host);
  const recent = await tx.jobs.listRecent([host.id], JOBS_MAX);
  return {
    host: host.id,
    nowMs: parts.clock.nowMs(),
    presence: { state: host.state, lastSeenAtMs: host.lastSeenAtMs },
    inventory: host.inventory,
    matchingProfiles: profiles.map(({ id }) => id),
    desired,
    desireTrouble,
    isApplied: host.appliedProfile !== undefined,
    vms,
    networks: await readNetworks(tx, vms),
    bridgeAddresses: addressesOf(host, desired),
    macs: fleet.macs,
    jobs: (recent.get(host.id) ?? []).map(({ id, kind, state, failure }) => ({
      ...{ id, kind, state },
      reason: failure?.reason,
    })),
    examination,
    silence,
  };
}
