import type { BmcSettings, Host } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { loadMappedNicProfiles } from "./nic-profiles.ts";
import { createReadCache } from "./read-cache.ts";
import { readInventory } from "./read-inventory.ts";

/**
 * Reads the host again and again, with what does not change in between kept.
 *
 * @throws HostError FILE_ACCESS_FAILED; InvalidInputError FIELD_INVALID (a NIC profile)
 */
export async function createInventoryReader(options: {
  readonly host: Host;
  readonly clock: Clock;
  readonly agentVersion: string;
  /** IP addresses of controllers and bus, which tell the management path. */
  readonly peerAddresses?: readonly string[];
  readonly bmc?: BmcSettings;
}): Promise<() => Promise<Inventory>> {
  const { host, clock, agentVersion, peerAddresses = [], bmc } = options;
  const nicProfiles = await loadMappedNicProfiles(host);
  const cache = createReadCache();
  return () =>
    readInventory({
      ...{ host, clock, agentVersion, nicProfiles, cache, peerAddresses },
      ...(bmc !== undefined && { bmc }),
    });
}
