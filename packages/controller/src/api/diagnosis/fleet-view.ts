import type { MacHolder } from "@switchyard/planner";
import type { Clock } from "@switchyard/runtime";
import type { HostRecord, Store } from "@switchyard/store";
import { listAll } from "../list-all.ts";

/** Hosts and VMs looked at; a controller serves no larger fleet. */
const HOSTS_MAX = 20_000;
const VMS_MAX = 200_000;
/** How old a view may be: reading all inventories costs, and a summary asks once per host. */
const AGE_MAX_MS = 5_000;

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

async function read(store: Pick<Store, "reads">): Promise<FleetView> {
  const { hosts, vms } = store.reads;
  const all = await listAll((page) => hosts.list(page), HOSTS_MAX);
  const placed = await listAll((page) => vms.list(page), VMS_MAX);
  return {
    hosts: all.map(({ id, state }) => ({ id, state })),
    macs: [
      ...placed.flatMap(({ id, allocation: { host, nics } }) =>
        nics.map(({ mac, pf, vfIndex }) => ({
          ...{ mac, host, holder: slotName(host, pf, vfIndex) },
          vm: id,
        })),
      ),
      ...all.flatMap(macsOfHost),
    ],
  };
}

/** Gives the fleet as it was at most 5 s ago; callers at the same time share one reading. */
export function createFleetViews(parts: {
  readonly store: Pick<Store, "reads">;
  readonly clock: Clock;
}): () => Promise<FleetView> {
  const { store, clock } = parts;
  let last: { readonly atMs: number; readonly view: Promise<FleetView> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < AGE_MAX_MS) return last.view;
    const view = read(store);
    const mine = { atMs: nowMs, view };
    last = mine;
    view.catch(() => {
      if (last === mine) last = undefined;
    });
    return view;
  };
}
