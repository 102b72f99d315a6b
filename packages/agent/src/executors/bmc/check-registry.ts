import type { BiosRegistryEntry } from "@switchyard/host";
import { type BiosAttributes, type BiosValue, HostError } from "@switchyard/model";

/**
 * Refuses what the registry does not have or take, before anything is sent.
 *
 * @param whose `BIOS`, or a NIC function's id
 * @throws HostError BIOS_ATTRIBUTE_UNKNOWN, BIOS_VALUE_REFUSED
 */
export function checkAgainst(
  registry: ReadonlyMap<string, BiosRegistryEntry>,
  attributes: BiosAttributes,
  whose = "this BIOS",
): void {
  for (const [name, value] of Object.entries(attributes)) {
    const entry = registry.get(name);
    if (entry === undefined) {
      throw new HostError("BIOS_ATTRIBUTE_UNKNOWN", `${whose} has no setting ${name}`, {
        found: `${registry.size} other settings`,
        needs: name,
      });
    }
    const needs = refusedNeeds(entry, value);
    if (needs === undefined) continue;
    const found = `${name}=${value}`;
    throw new HostError("BIOS_VALUE_REFUSED", `${whose} does not take ${found}`, { found, needs });
  }
}

/** What the setting needs instead; undefined when it takes the value. */
function refusedNeeds(entry: BiosRegistryEntry, value: BiosValue): string | undefined {
  const { isReadOnly, values, lowerBound = -Infinity, upperBound = Infinity } = entry;
  if (isReadOnly) return "nothing: it can only be read";
  if (values !== undefined && !values.includes(String(value))) return values.join(" or ");
  const isInside = typeof value === "string" || (value >= lowerBound && value <= upperBound);
  return isInside ? undefined : `${lowerBound} to ${upperBound}`;
}
