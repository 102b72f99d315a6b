import type { Inventory, SystemFacts } from "@switchyard/model";
import type { PreflightFacts } from "../diagnosis/facts.ts";
import { type PreflightCheck, skip, type Verdict, withInventory } from "../diagnosis/verdict.ts";

/** A check of the operating system's facts; skipped where the one asked for could not be read. */
export const withSystem = <Key extends keyof SystemFacts>(
  key: Key,
  check: (
    value: NonNullable<SystemFacts[Key]>,
    inventory: Inventory,
    facts: PreflightFacts,
  ) => Verdict,
): PreflightCheck =>
  withInventory((inventory, facts) => {
    const value = inventory.system?.[key];
    return value === undefined || value === null
      ? skip("the agent could not read this of the system")
      : check(value as NonNullable<SystemFacts[Key]>, inventory, facts);
  });
