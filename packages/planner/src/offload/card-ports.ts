import type { Inventory, Nic } from "@switchyard/model";

/** A port that a card may forward to by itself. */
export interface CardPort {
  /** Which card, by its place among the host's. */
  readonly card: number;
  readonly isUplink: boolean;
}

const portsOfNic = ({ pfs }: Nic, card: number): readonly (readonly [string, CardPort])[] => [
  ...pfs.map(({ link }) => [link.netdev, { card, isUplink: true }] as const),
  ...pfs
    .flatMap((pf) => pf.vfs)
    .flatMap(({ representor, netdev }) => [representor?.netdev ?? [], netdev ?? []].flat())
    .map((netdev) => [netdev, { card, isUplink: false }] as const),
];

/**
 * Netdevs between which a card may forward by itself: PFs, representors, VFs, and bonds all of whose ports are one
 * card's, which the card then carries as one.
 */
export function cardPorts({
  nics,
  bonds = [],
}: Pick<Inventory, "nics" | "bonds">): ReadonlyMap<string, CardPort> {
  const ports = new Map(nics.flatMap(portsOfNic));
  for (const bond of bonds) {
    const cards = new Set(bond.ports.map((port) => ports.get(port)?.card));
    const [card] = cards;
    if (cards.size === 1 && card !== undefined) ports.set(bond.name, { card, isUplink: true });
  }
  return ports;
}

/** Whether a flow passes from port to port of cards: no card offloads any other. */
export const isBetweenCardPorts = (
  { inPort, actions }: { readonly inPort: string; readonly actions: string },
  ports: ReadonlyMap<string, CardPort>,
): boolean => ports.has(inPort) && ports.has(actions);
