import { ensureNoBond } from "../../steps/bond-steps.ts";
import type { Draft } from "../../steps/draft.ts";
import type { Bonding } from "./bonding.ts";
import { modeSteps, type PortWork, resetSteps, vfSteps } from "./port-work.ts";

/**
 * Modes, VF counts and bonds of all ports together: all VFs away and legacy mode first, then the bonds, then
 * switchdev mode on every port, then the VFs. VF-LAG needs both ports in one bond and one mode.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/lag/lag.c, mlx5_lag_check_prereq
 */
export const eswitchSteps = (works: readonly PortWork[], bonding: Bonding): readonly Draft[] => [
  ...works.flatMap(resetSteps),
  ...bonding.surplus.map(({ name }) => ensureNoBond(name)),
  ...bonding.steps,
  ...works.flatMap(modeSteps),
  ...works.flatMap(vfSteps),
];
