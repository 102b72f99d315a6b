import { type Inventory, type PciAddress, pfsInOrder, type VfRef } from "@switchyard/model";
import type { Topology } from "../executors/executor.ts";
import type { Devices } from "../inventory/read-devices.ts";

/** The devices as one job knows them: read when needed, kept until a step moves them. */
export interface JobTopology extends Topology {
  /** @param what `drivers` keeps the VFs' addresses; default: `devices`, which keeps nothing */
  forget(what?: "devices" | "drivers"): void;
}

export interface HostReaders {
  readonly inventory: () => Promise<Inventory>;
  readonly devices: () => Promise<Devices>;
}

export function createTopology(read: HostReaders): JobTopology {
  let known: Devices | undefined;
  let addresses: ReadonlyMap<string, PciAddress> = new Map();
  const keep = <Seen extends Devices>(seen: Seen): Seen => {
    known = seen;
    addresses = vfAddresses(seen);
    return seen;
  };
  const renewed = async () => keep(await read.devices());
  return {
    renewed,
    current: async () => known ?? (await renewed()),
    inventory: async () => keep(await read.inventory()),
    knownVfAddress: (vf) => addresses.get(keyOf(vf)),
    forget: (what = "devices") => {
      known = undefined;
      if (what === "devices") addresses = new Map();
    },
  };
}

const keyOf = ({ pf, index }: VfRef): string => `${pf}/${index}`;

const vfAddresses = (devices: Devices): ReadonlyMap<string, PciAddress> =>
  new Map(
    pfsInOrder(devices).flatMap(({ pf }) =>
      pf.vfs.map(
        ({ index, pciAddress }) => [keyOf({ pf: pf.pciAddress, index }), pciAddress] as const,
      ),
    ),
  );
