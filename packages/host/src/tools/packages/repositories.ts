import {
  aptGetUpdate,
  aptRepositoryPath,
  DISTRO_PROFILES,
  type DistroFamily,
  type DistroProfile,
  dnfInstall,
  dnfRepositoryPath,
  dnfSetDisabled,
  dnfSetEnabled,
  formatAptRepository,
  formatDnfRepository,
  HostError,
  type Repository,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { hostError, listOptional, readOptional } from "../tool.ts";
import { removePackages, runPackageManager } from "./packages.ts";
import { hasAptRepository, parseDnfRepositories } from "./parse.ts";

/**
 * Ids of the repositories that are enabled, sorted. dnf names each one; apt has none, so that one goes by its
 * file there.
 */
export async function listEnabledRepositories(
  host: Host,
  distro: DistroProfile,
): Promise<readonly string[]> {
  const folder = distro.repositoryFolder;
  const enabled: string[] = [];
  for (const name of await listOptional(host, folder)) {
    const text = (await readOptional(host, `${folder}/${name}`)) ?? "";
    enabled.push(...enabledIn(distro.family, name, text));
  }
  return [...new Set(enabled)].sort();
}

/** Files that change with the repositories or with what the package manager last learned of them. */
export const repositoryFiles = async (
  host: Host,
  { family, repositoryFolder }: DistroProfile,
): Promise<readonly string[]> => [
  ...(await listOptional(host, repositoryFolder)).map((name) => `${repositoryFolder}/${name}`),
  family === "rhel" ? "/var/cache/dnf/last_makecache" : "/var/cache/apt/pkgcache.bin",
];

function enabledIn(family: DistroFamily, name: string, text: string): readonly string[] {
  if (family === "rhel") return name.endsWith(".repo") ? parseDnfRepositories(text) : [];
  const isSource = name.endsWith(".list") || name.endsWith(".sources");
  return isSource && hasAptRepository(name, text) ? [aptRepositoryId(name)] : [];
}

const aptRepositoryId = (fileName: string): string =>
  fileName.replace(/\.(list|sources)$/, "").replace(/^switchyard-/, "");

const isEnabled = async (host: Host, family: DistroFamily, id: string): Promise<boolean> =>
  (await listEnabledRepositories(host, DISTRO_PROFILES[family])).includes(id);

/** Text a repository of our own has in its file; undefined for one of the distribution. */
export const repositoryFile = (family: DistroFamily, { id, source }: Repository) => {
  if (source === undefined) return undefined;
  return family === "rhel"
    ? { path: dnfRepositoryPath(id), text: formatDnfRepository(id, source) }
    : { path: aptRepositoryPath(id), text: formatAptRepository(source) };
};

/** Whether the repository is enabled and, if it is our own, as it shall be. */
export async function isRepositoryReady(
  host: Host,
  family: DistroFamily,
  repository: Repository,
): Promise<boolean> {
  const file = repositoryFile(family, repository);
  if (file === undefined) return isEnabled(host, family, repository.id);
  return (await readOptional(host, file.path)) === file.text.trim();
}

/**
 * Enables a repository: one of our own by its file, one of the distribution by its package or by dnf's
 * configuration. May run twice.
 *
 * @throws HostError REPOSITORY_UNKNOWN; as `installPackages`
 */
export async function enableRepository(
  host: Host,
  family: DistroFamily,
  repository: Repository,
): Promise<void> {
  const file = repositoryFile(family, repository);
  const { id } = repository;
  if (file !== undefined) {
    await host.replaceFile(file.path, file.text);
    if (family === "debian") await runPackageManager(host, aptGetUpdate(), `${id} can't be read`);
    return;
  }
  const packageName = DISTRO_PROFILES[family].repositoryPackages[id];
  if (packageName !== undefined) {
    await runPackageManager(host, dnfInstall([packageName]), `${packageName} can't be installed`);
  }
  if (family === "debian") throw unknownRepository(id);
  if (!(await isEnabled(host, family, id))) await setEnabled(host, id);
}

async function setEnabled(host: Host, id: string): Promise<void> {
  const argv = dnfSetEnabled(id);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return;
  if (/No matching repo to modify/.test(result.stderr + result.stdout)) throw unknownRepository(id);
  const message = `repository ${id} can't be enabled`;
  throw hostError({ reason: "PACKAGE_CHANGE_FAILED", message, argv, result });
}

const unknownRepository = (id: string): HostError =>
  new HostError("REPOSITORY_UNKNOWN", `the distribution has no repository ${id}`, { found: id });

/**
 * Takes back what `enableRepository` did to a repository that was not enabled before. Gone already is success.
 *
 * @throws HostError PACKAGE_CHANGE_FAILED
 */
export async function disableRepository(
  host: Host,
  family: DistroFamily,
  repository: Repository,
): Promise<void> {
  const file = repositoryFile(family, repository);
  if (file !== undefined) return host.remove(file.path);
  if (!(await isEnabled(host, family, repository.id))) return;
  const packageName = DISTRO_PROFILES[family].repositoryPackages[repository.id];
  if (packageName !== undefined) return removePackages(host, family, [packageName]);
  const argv = dnfSetDisabled(repository.id);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return;
  const message = `repository ${repository.id} can't be disabled`;
  throw hostError({ reason: "PACKAGE_CHANGE_FAILED", message, argv, result });
}
