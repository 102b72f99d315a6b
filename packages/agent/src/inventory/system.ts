import {
  bootloaderFiles,
  findNewestKernel,
  type Host,
  HostFileError,
  hasSystemd,
  listBootEntries,
  listEnabledRepositories,
  listInstalledPackages,
  listModulesAtBoot,
  listNumaNodes,
  readClockSynchronized,
  readDisks,
  readFileStamp,
  readHugepages,
  readIommu,
  readKernelArguments,
  readLockdown,
  readOuterVirtualization,
  readPackageStamp,
  readRebootRequired,
  readSecureBoot,
  readSelinux,
  repositoryFiles,
} from "@switchyard/host";
import {
  comparePackageVersions,
  type DistroProfile,
  findDistroProfile,
  type InstalledKernel,
  type InstalledPackage,
  type Inventory,
  SwitchyardError,
  type SystemFacts,
  UNKNOWN_SYSTEM,
} from "@switchyard/model";
import type { ReadCache } from "./read-cache.ts";

export interface SystemReader {
  readonly host: Host;
  readonly cache: ReadCache;
  readonly os: Inventory["os"];
  readonly bootId: string;
}

type Read<Value> = () => Promise<Value | undefined>;

/**
 * Everything about the operating system. What can't be read is undefined, which the preflight checks call
 * unknown, and neither passed nor failed.
 */
export async function readSystem(reader: SystemReader): Promise<SystemFacts> {
  const { host, cache, bootId } = reader;
  const distro = findDistroProfile(reader.os);
  return {
    ...UNKNOWN_SYSTEM,
    hasSystemd: await known(() => hasSystemd(host)),
    kernelArguments: await known(() => readKernelArguments(host)),
    modulesAtBoot: await known(() => listModulesAtBoot(host)),
    iommu: await known(() => readIommu(host)),
    isSecureBoot: await known(() => readSecureBoot(host)),
    virtualization: await known(() =>
      cache.get("virtualization", bootId, () => readOuterVirtualization(host)),
    ),
    lockdown: await known(() => readLockdown(host)),
    selinux: await known(() => readSelinux(host)),
    hugepages: await known(() => readHugepages(host)),
    numaNodes: await known(() => listNumaNodes(host)),
    disks: await known(() => readDisks(host)),
    isTimeSynchronized: await known(() => readClockSynchronized(host)),
    ...(distro !== undefined && (await readDistribution(reader, distro))),
  };
}

/** What only a distribution that Switchyard knows tells. */
async function readDistribution(reader: SystemReader, distro: DistroProfile) {
  const { host } = reader;
  const installed = await known(() => readPackages(reader, distro));
  const kernels = installed && kernelsIn(installed, distro);
  return {
    packages:
      installed && Object.fromEntries(installed.map(({ name, version }) => [name, version])),
    kernels,
    newestKernel: await known(() => readNewestKernel(reader, distro, kernels ?? [])),
    repositories: await known(() => listEnabledRepositories(host, distro)),
    bootEntries: await known(() => readBootEntries(reader, distro)),
    rebootRequiredBy: await known(() => readUpdated(reader, distro)),
  };
}

/** Undefined where the host does not say: no such program or file, or no permission. */
async function known<Value>(read: Read<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SwitchyardError || error instanceof HostFileError) return undefined;
    throw error;
  }
}

/** Asking rpm for everything takes about a second; the stamp costs one small program. */
async function readPackages(
  { host, cache }: SystemReader,
  distro: DistroProfile,
): Promise<readonly InstalledPackage[]> {
  const stamp = await readPackageStamp(host, distro);
  return cache.get("packages", stamp, () => listInstalledPackages(host, distro.family));
}

/** What was updated since the boot: asking takes seconds, and nothing is new without a transaction or a boot. */
async function readUpdated({ host, cache, bootId }: SystemReader, distro: DistroProfile) {
  const stamp = `${bootId} ${await readPackageStamp(host, distro)}`;
  const read = () => readRebootRequired(host, distro.family);
  return distro.family === "rhel" ? cache.get("updated since boot", stamp, read) : read();
}

function kernelsIn(
  installed: readonly InstalledPackage[],
  distro: DistroProfile,
): readonly InstalledKernel[] {
  const releases = (prefix: string) =>
    installed.flatMap(({ name, version, architecture }) => {
      if (distro.family === "rhel") return name === prefix ? `${version}.${architecture}` : [];
      const release = name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : "";
      return /^\d/.test(release) ? release : [];
    });
  const headers = new Set(releases(distro.kernelHeadersPrefix));
  return releases(distro.kernelImagePrefix)
    .toSorted(comparePackageVersions)
    .map((release) => ({ release, hasHeaders: headers.has(release) }));
}

/** Asks the package manager's cache, which changes with its repositories' metadata. */
async function readNewestKernel(
  { host, cache }: SystemReader,
  distro: DistroProfile,
  kernels: readonly InstalledKernel[],
): Promise<string | undefined> {
  const files = [...distro.packageDatabaseFiles, ...(await repositoryFiles(host, distro))];
  const stamp = await readFileStamp(host, files);
  const offered = await cache.get("newest kernel", stamp, () =>
    known(() => findNewestKernel(host, distro)),
  );
  const all = [
    ...kernels.map(({ release }) => release),
    ...(offered === undefined ? [] : [offered]),
  ];
  return all.toSorted(comparePackageVersions).at(-1);
}

/** grubby is a script that starts dozens of programs. */
async function readBootEntries({ host, cache }: SystemReader, distro: DistroProfile) {
  const stamp = await readFileStamp(host, await bootloaderFiles(host, distro));
  return cache.get("boot entries", stamp, () => listBootEntries(host, distro.family));
}
