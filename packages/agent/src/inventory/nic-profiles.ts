import { type Host, HostFileError } from "@switchyard/host";
import type { MappedNicProfile } from "@switchyard/model";
import { parseNicProfile } from "./nic-profile-file.ts";

/** Where an operator describes NICs that can't be found by themselves, one per file. */
const NIC_PROFILE_FOLDER = "/etc/switchyard/nic-profiles";

/**
 * NIC profiles of this host; none where the folder is absent.
 *
 * @throws InvalidInputError FIELD_INVALID
 */
export async function loadMappedNicProfiles(host: Host): Promise<readonly MappedNicProfile[]> {
  const profiles: MappedNicProfile[] = [];
  for (const name of await listProfileFiles(host)) {
    const path = `${NIC_PROFILE_FOLDER}/${name}`;
    profiles.push(parseNicProfile(await host.readFile(path), path));
  }
  return profiles;
}

async function listProfileFiles(host: Host): Promise<readonly string[]> {
  try {
    const names = await host.listFolder(NIC_PROFILE_FOLDER);
    return names.filter((name) => name.endsWith(".yaml"));
  } catch (error) {
    if (error instanceof HostFileError && error.errno === "ENOENT") return [];
    throw error;
  }
}
