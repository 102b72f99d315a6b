import type { Bond, BondSpec, Inventory } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureNoBridgePort } from "../../steps/ovs-steps.ts";
import { netdevLink, type PfView } from "./pf-view.ts";
import { findPort } from "./ports.ts";

export const ownBonds = ({ bonds = [] }: Inventory): readonly Bond[] =>
  bonds.filter(({ isOurs }) => isOurs);

export const findBond = ({ bonds = [] }: Inventory, name: string): Bond | undefined =>
  bonds.find((bond) => bond.name === name);

/** The bond of ours that the PF is joined in. */
export const ownBondOf = (observed: Inventory, { pf }: PfView): Bond | undefined =>
  ownBonds(observed).find(({ ports }) => ports.includes(pf.link.netdev));

/** Whether the bond is there with just these ports. */
export function isBondRight(
  observed: Inventory,
  wanted: BondSpec,
  views: readonly PfView[],
): boolean {
  const bond = findBond(observed, wanted.name);
  if (bond === undefined || !bond.isOurs || bond.mode !== wanted.mode) return false;
  const names = views.map(({ pf }) => pf.link.netdev);
  return bond.ports.length === names.length && names.every((name) => bond.ports.includes(name));
}

/** Takes bonds out of the bridges of ours that they are in. */
export const unplugBonds = (observed: Inventory, bonds: readonly Bond[]): readonly Draft[] =>
  bonds.flatMap(({ name }) => {
    const place = findPort(observed, name);
    return place?.bridge.isOurs ? [ensureNoBridgePort(place.bridge.name, netdevLink(name))] : [];
  });
