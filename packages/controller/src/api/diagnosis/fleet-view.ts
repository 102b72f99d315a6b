import type { HostId } from "@switchyard/model";
import type { MacHolder } from "@switchyard/planner";
import type { Clock } from "@switchyard/runtime";
import type { HostRecord, Reads, Store } from "@switchyard/store";
import { listAll } from "../list-all.ts";

/** VMs looked at; a controller serves no larger fleet. */
const VMS_MAX = 200_000;
/** How old a view may be: reading all inventories costs, and a summary asks once per host. */
const AGE_MAX_MS = 5_000;

/** Inventories read with one statement. */
const HOSTS_AT_ONCE = 50;

type Known = Pick<HostRecord, "id" | "state"> & {
  readonly digest: string | undefined;
  readonly macs: readonly MacHolder[];
};

/** What a diagnosis of one host needs to know of all others. */
export interface FleetView {
  readonly macs: readonly MacHolder[];
  readonly hosts: readonly Pick<HostRecord, "id" | "state">[];
}

/** A slot and the VM in it are one holder. */
const slotName = (host: string, pf: string, vfIndex: number): string =>
  `${host} VF ${vfIndex} of ${pf}`;

const macsOfHost = ({ id, inventory }: HostRecord): readonly MacHolder[] =>
  (inventory?.nics ?? []).flatMap(({ pfs }) =>
    pfs.flatMap(({ pciAddress, vfs }) =>
      vfs.flatMap(({ index, vdpa }) =>
        vdpa?.mac === undefined
          ? []
          : [{ mac: vdpa.mac, host: id, holder: slotName(id, pciAddress, index) }],
      ),
    ),
  );

/** Hosts' MACs, each read again only where its inventory changed: a fleet's inventories are many MiB. */
function createMacsOfHosts({ hosts }: Pick<Reads, "hosts">) {
  let known: ReadonlyMap<HostId, Known> = new Map();
  return async (): Promise<readonly Known[]> => {
    const all = await hosts.listDigests();
    const isKnown = ({ id, inventoryDigest }: (typeof all)[number]) =>
      inventoryDigest !== undefined && known.get(id)?.digest === inventoryDigest;
    const changed = all.filter((host) => !isKnown(host)).map(({ id }) => id);
    const macs = new Map<HostId, readonly MacHolder[]>();
    for (let from = 0; from < changed.length; from += HOSTS_AT_ONCE) {
      const records = await hosts.listNamed(changed.slice(from, from + HOSTS_AT_ONCE));
      for (const record of records) macs.set(record.id, macsOfHost(record));
    }
    known = new Map(
      all.map(({ id, state, inventoryDigest: digest }) => [
        id,
        { id, state, digest, macs: macs.get(id) ?? known.get(id)?.macs ?? [] },
      ]),
    );
    return [...known.values()];
  };
}

async function read(
  store: Pick<Store, "reads">,
  readHosts: () => Promise<readonly Known[]>,
): Promise<FleetView> {
  const all = await readHosts();
  const placed = await listAll((page) => store.reads.vms.list(page), VMS_MAX);
  return {
    hosts: all.map(({ id, state }) => ({ id, state })),
    macs: [
      ...placed.flatMap(({ id, allocation: { host, nics } }) =>
        nics.map(({ mac, pf, vfIndex }) => ({
          ...{ mac, host, holder: slotName(host, pf, vfIndex) },
          vm: id,
        })),
      ),
      ...all.flatMap(({ macs }) => macs),
    ],
  };
}

/** Gives the fleet as it was at most 5 s ago; callers at the same time share one reading. */
export function createFleetViews(parts: {
  readonly store: Pick<Store, "reads">;
  readonly clock: Clock;
}): () => Promise<FleetView> {
  const { store, clock } = parts;
  const readHosts = createMacsOfHosts(store.reads);
  let last: { readonly atMs: number; readonly view: Promise<FleetView> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < AGE_MAX_MS) return last.view;
    const view = read(store, readHosts);
    const mine = { atMs: nowMs, view };
    last = mine;
    view.catch(() => {
      if (last === mine) last = undefined;
    });
    return view;
  };
}
