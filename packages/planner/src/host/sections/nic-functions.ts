import { allowsNicSriov, type BmcNicFunction, type Inventory, type Pf } from "@switchyard/model";
import { viewPfs } from "../datapath/pf-view.ts";

/** A PF that the agent drives, and what the BMC calls it. */
export interface NicPort {
  readonly pf: Pf;
  readonly nicFunction: BmcNicFunction | undefined;
}

/**
 * The function that is this PF. By its PCI address where the BMC tells one: ports of a bond show the same
 * MAC in Linux.
 */
export function findNicFunction(
  functions: readonly BmcNicFunction[],
  { pciAddress, link }: Pf,
): BmcNicFunction | undefined {
  return (
    functions.find((each) => each.pciAddress === pciAddress) ??
    functions.find((each) => each.pciAddress === undefined && each.mac === link.mac.toLowerCase())
  );
}

/** PFs in the order of ports; without functions where the BMC tells none. */
export const nicPortsOf = (observed: Inventory): readonly NicPort[] =>
  viewPfs(observed).map(({ pf }) => ({
    pf,
    nicFunction: findNicFunction(observed.bmc?.facts?.nicFunctions ?? [], pf),
  }));

/** Off now, or off after the next boot. */
export const isSriovMissing = ({ mode, pendingMode }: BmcNicFunction): boolean =>
  !allowsNicSriov(mode) || (pendingMode !== undefined && !allowsNicSriov(pendingMode));
