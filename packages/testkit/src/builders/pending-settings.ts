import type { BiosAttributes, Inventory, NicModeWish } from "@switchyard/model";
import { refuseIf } from "./walk-inventory.ts";

/** Settings wait for the boot, which {@link applySteps} does not do. */
export function withPendingBios(
  { bmc }: Inventory,
  attributes: BiosAttributes,
): Partial<Pick<Inventory, "bmc">> {
  refuseIf(bmc?.facts === undefined, "no BMC answers");
  if (bmc?.facts === undefined) return {};
  const pendingAttributes = { ...bmc.facts.pendingAttributes, ...attributes };
  return { bmc: { ...bmc, facts: { ...bmc.facts, pendingAttributes } } };
}

export function withPendingModes(
  { bmc }: Inventory,
  functions: readonly NicModeWish[],
): Partial<Pick<Inventory, "bmc">> {
  refuseIf(bmc?.facts === undefined, "no BMC answers");
  if (bmc?.facts === undefined) return {};
  const nicFunctions = (bmc.facts.nicFunctions ?? []).map((each) => {
    const pendingMode = functions.find(({ id }) => id === each.id)?.mode ?? each.pendingMode;
    return { ...each, pendingMode: pendingMode === each.mode ? undefined : pendingMode };
  });
  return { bmc: { ...bmc, facts: { ...bmc.facts, nicFunctions } } };
}
