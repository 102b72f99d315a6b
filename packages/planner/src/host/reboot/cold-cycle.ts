import type { BmcEndpoint, Finding, Inventory, RebootEffect } from "@switchyard/model";
import { warningFinding } from "../../findings/finding.ts";
import { describeEffect } from "./describe-effect.ts";

/** Where the BMC that can power-cycle the host is reached, if it was reached. */
export interface PowerSwitch extends BmcEndpoint {
  readonly systemPath: string;
}

/** Undefined where no BMC answers the agent. */
export const powerSwitchOf = ({ bmc }: Pick<Inventory, "bmc">): PowerSwitch | undefined =>
  bmc?.facts && { address: bmc.address, trust: bmc.trust, systemPath: bmc.facts.systemPath };

/**
 * Says that a person will be needed: the job does what comes before and stops there. Power-cycled by hand,
 * the host needs no such step any more.
 */
export function coldCycleFindings(
  host: string,
  observed: Inventory,
  effects: readonly RebootEffect[],
): readonly Finding[] {
  const cold = effects.filter(({ needsColdCycle }) => needsColdCycle);
  if (cold.length === 0 || powerSwitchOf(observed) !== undefined) return [];
  return [
    warningFinding("COLD_CYCLE_NEEDS_BMC", {
      message: `${host} needs its power off and on, and no BMC can do it`,
      found: observed.bmc === undefined ? "no BMC configured" : "a BMC that does not answer",
      needs: `a cold cycle for ${cold.map(describeEffect).join("; ")}`,
    }),
  ];
}
