import {
  type Host,
  HostFileError,
  listEnabledRepositories,
  listInstalledPackages,
  readPackageStamp,
} from "@switchyard/host";
import {
  type DistroProfile,
  findDistroProfile,
  type Inventory,
  SwitchyardError,
  type SystemFacts,
} from "@switchyard/model";
import type { ReadCache } from "./read-cache.ts";

export interface SystemReader {
  readonly host: Host;
  readonly cache: ReadCache;
  readonly os: Inventory["os"];
}

/**
 * Everything about the operating system. What can't be read is undefined, which the preflight checks call
 * unknown, and neither passed nor failed.
 */
export async function readSystem(reader: SystemReader): Promise<SystemFacts> {
  const distro = findDistroProfile(reader.os);
  return {
    packages: await known(async () => distro && (await readPackages(reader, distro))),
    repositories: await known(
      async () => distro && (await listEnabledRepositories(reader.host, distro)),
    ),
  };
}

/** Undefined where the host does not say: no such program or file, or no permission. */
async function known<Value>(read: () => Promise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SwitchyardError || error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** Asking rpm for everything takes about a second; the stamp costs one small program. */
async function readPackages({ host, cache }: SystemReader, distro: DistroProfile) {
  const stamp = await readPackageStamp(host, distro);
  return cache.get("packages", stamp, async () => {
    const installed = await listInstalledPackages(host, distro.family);
    return Object.fromEntries(installed.map(({ name, version }) => [name, version]));
  });
}
