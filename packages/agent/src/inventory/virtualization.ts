import {
  type Host,
  hasSystemd,
  isLibvirtRestartDue,
  LIBVIRT_DAEMON_PATHS,
  listQemuPlaces,
  listQemus,
  readLibvirtUser,
  readLibvirtVersion,
  readQemuLink,
} from "@switchyard/host";
import type { VirtualizationFacts } from "@switchyard/model";
import { cachedByFiles } from "./by-files.ts";
import { noReadCache, type ReadCache } from "./read-cache.ts";

/** QEMU and libvirt as they are installed. Programs are asked for their version once they have changed. */
export const readVirtualization = async (
  host: Host,
  cache: ReadCache = noReadCache,
): Promise<VirtualizationFacts> => ({
  qemuLink: await readQemuLink(host),
  ...(await readVersions(host, cache)),
  libvirtUser: await readLibvirtUser(host),
  isLibvirtRestartDue: await isLibvirtRestartDue(host),
  hasVmScopes: await hasSystemd(host),
});

async function readVersions(host: Host, cache: ReadCache) {
  const files = [...(await listQemuPlaces(host)), ...LIBVIRT_DAEMON_PATHS];
  return cachedByFiles({ host, cache, key: "virtualization", files }, async () => ({
    qemus: await listQemus(host),
    libvirtVersion: await readLibvirtVersion(host),
  }));
}
