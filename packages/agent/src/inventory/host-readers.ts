import type { HostReaders } from "../jobs/topology.ts";
import { loadMappedNicProfiles } from "./nic-profiles.ts";
import { createReadCache } from "./read-cache.ts";
import { readDevices } from "./read-devices.ts";
import { type InventoryOptions, readInventory } from "./read-inventory.ts";

/** The ways of looking at a host that a job has. */
export const hostReaders = (options: InventoryOptions): HostReaders => ({
  inventory: () => readInventory(options),
  devices: () => readDevices(options),
});

/**
 * Reads the host again and again, with what does not change in between kept.
 *
 * @throws HostError FILE_ACCESS_FAILED; InvalidInputError FIELD_INVALID (a NIC profile)
 */
export async function createHostReaders(
  options: Pick<
    InventoryOptions,
    | "host"
    | "clock"
    | "agentVersion"
    | "peerAddresses"
    | "bmc"
    | "findGuestFacts"
    | "findGuestFreeze"
  >,
): Promise<HostReaders> {
  const {
    host,
    clock,
    agentVersion,
    peerAddresses = [],
    bmc,
    findGuestFacts,
    findGuestFreeze,
  } = options;
  const nicProfiles = await loadMappedNicProfiles(host);
  return hostReaders({
    ...{ host, clock, agentVersion, nicProfiles, cache: createReadCache(), peerAddresses },
    ...(bmc !== undefined && { bmc }),
    ...(findGuestFacts !== undefined && { findGuestFacts }),
    ...(findGuestFreeze !== undefined && { findGuestFreeze }),
  });
}
