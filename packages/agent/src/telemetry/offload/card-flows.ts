import type { DatapathFlow } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";

/** Netdevs of the NICs: PFs, representors and VFs. */
export function nicNetdevs({ nics }: Pick<Inventory, "nics">): readonly string[] {
  const pfs = nics.flatMap((nic) => nic.pfs);
  const vfs = pfs.flatMap((pf) => pf.vfs);
  return [
    ...pfs.map(({ link }) => link.netdev),
    ...vfs.flatMap(({ representor }) => representor?.netdev ?? []),
    ...vfs.flatMap(({ netdev }) => netdev ?? []),
  ];
}

/** Ports between which a card may forward by itself; no card offloads any other flow. */
export const offloadablePorts = (inventory: Inventory): ReadonlySet<string> =>
  new Set(nicNetdevs(inventory));

export const isBetweenCardPorts = (
  { inPort, actions }: DatapathFlow,
  ports: ReadonlySet<string>,
): boolean => ports.has(inPort) && ports.has(actions);
