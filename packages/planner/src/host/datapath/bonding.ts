import type { Bond, BondSpec, Inventory } from "@switchyard/model";
import { ensureBond } from "../../steps/bond-steps.ts";
import type { Draft } from "../../steps/draft.ts";
import { isBondRight, ownBondOf, ownBonds } from "./bonds.ts";
import type { PfView } from "./pf-view.ts";

/** What there is to do about bonds, worked out once. */
export interface Bonding {
  /** Bonds of ours that nobody asks for, or not like this. */
  readonly surplus: readonly Bond[];
  readonly isMade: boolean;
  /** The step that makes the wanted bond; none while it is right. */
  readonly steps: readonly Draft[];
  /** Whether the port has to go through legacy mode: mlx5 takes ports into VF-LAG, and out of it, there only. */
  readonly resets: (view: PfView) => boolean;
}

export function planBonding(
  observed: Inventory,
  wanted: BondSpec | undefined,
  ports: readonly PfView[],
): Bonding {
  const isRight = wanted !== undefined && isBondRight(observed, wanted, ports);
  const isMade = wanted !== undefined && !isRight;
  const pfs = ports.map(({ pf }) => pf);
  return {
    surplus: ownBonds(observed).filter(({ name }) => !isRight || name !== wanted.name),
    isMade,
    steps: isMade ? [ensureBond(wanted.name, wanted.mode, pfs)] : [],
    resets: (view) => isMade || (!isRight && ownBondOf(observed, view) !== undefined),
  };
}
