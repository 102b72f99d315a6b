import {
  type Argv,
  type DistroFamily,
  type DistroProfile,
  type InstalledPackage,
  installCommands,
  type Reason,
  removeCommand,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { inOwnScope } from "../scope.ts";
import { hostError, runChecked } from "../tool.ts";
import { aptCacheShow, dnfNewest, fileStamps, packageQuery } from "./commands.ts";
import { parseInstalledPackages, parseKernelDependency } from "./parse.ts";

/** A kernel with headers over a slow line, an initramfs and a DKMS build behind it. */
const INSTALL_TIMEOUT_MS = 45 * 60_000;
const REMOVE_TIMEOUT_MS = 10 * 60_000;
const QUERY_TIMEOUT_MS = 60_000;
/** Some thousand packages at some tens of bytes each. */
const QUERY_OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

/** Everything that is installed. @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED */
export async function listInstalledPackages(
  host: Host,
  family: DistroFamily,
): Promise<readonly InstalledPackage[]> {
  const { stdout } = await runChecked(host, {
    argv: packageQuery(family),
    timeoutMs: QUERY_TIMEOUT_MS,
    maxOutputBytes: QUERY_OUTPUT_BYTES_MAX,
  });
  return parseInstalledPackages(stdout);
}

/**
 * Text that differs after every change of the files, for telling without reading them whether what was read
 * before still holds. An absent file is left out, so that its coming shows too.
 */
export async function readFileStamp(host: Host, paths: readonly string[]): Promise<string> {
  return (await host.run({ argv: fileStamps(paths) })).stdout;
}

/** As `readFileStamp` for the package database. */
export const readPackageStamp = (host: Host, distro: DistroProfile): Promise<string> =>
  readFileStamp(host, distro.packageDatabaseFiles);

/**
 * Release of the newest kernel on offer, as far as the package manager knows without asking its repositories;
 * undefined where it knows none.
 *
 * @throws CommandError COMMAND_FAILED (nothing cached yet), COMMAND_NOT_STARTED
 */
export async function findNewestKernel(
  host: Host,
  distro: DistroProfile,
): Promise<string | undefined> {
  if (distro.family === "debian") {
    const { stdout } = await runChecked(host, { argv: aptCacheShow(distro.kernelPackage) });
    return parseKernelDependency(stdout);
  }
  const argv = dnfNewest(distro.kernelImagePrefix);
  const { stdout } = await runChecked(host, { argv, timeoutMs: QUERY_TIMEOUT_MS });
  return stdout.trim().split("\n").at(-1) || undefined;
}

/**
 * Installs packages with all they need; one that is there already is not upgraded. Runs in a systemd scope of
 * its own, so that it goes on when the agent is stopped: a transaction cut short breaks the database. May run
 * twice.
 *
 * @throws HostError PACKAGE_UNAVAILABLE, PACKAGE_REPOSITORY_UNREACHABLE, PACKAGE_MANAGER_BUSY, DISK_FULL,
 *   PACKAGE_CHANGE_FAILED; CommandError COMMAND_TIMED_OUT
 */
export async function installPackages(
  host: Host,
  family: DistroFamily,
  specs: readonly string[],
): Promise<void> {
  for (const argv of installCommands(family, specs)) {
    await runPackageManager(host, argv, `${specs.join(", ")} can't be installed`);
  }
}

/**
 * Removes exactly the packages named, not what needs them.
 *
 * @throws HostError PACKAGE_CHANGE_FAILED when others need them
 */
export async function removePackages(
  host: Host,
  family: DistroFamily,
  names: readonly string[],
): Promise<void> {
  const argv = removeCommand(family, names);
  const result = await host.run({ argv, timeoutMs: REMOVE_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `${names.join(", ")} can't be removed`;
  throw hostError({ reason: "PACKAGE_CHANGE_FAILED", message, argv, result });
}

/** Runs dnf or apt-get to its end. @throws HostError as `installPackages` */
export async function runPackageManager(host: Host, argv: Argv, message: string): Promise<void> {
  const scoped = await inOwnScope(host, argv);
  const result = await host.run({ argv: scoped, timeoutMs: INSTALL_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const reason = reasonOf(result);
  const missing = missingIn(result);
  throw hostError({
    reason,
    message,
    argv,
    result,
    metadata: {
      output: result.stdout.trim().slice(-OUTPUT_KEPT_MAX),
      ...(missing.length > 0 && { found: `no package ${missing.join(", ")}` }),
    },
    retry: reason === "PACKAGE_MANAGER_BUSY" ? "safe" : "never",
  });
}

/** Characters of a package manager's output kept in an error: the end, where it says what went wrong. */
const OUTPUT_KEPT_MAX = 2048;

const UNAVAILABLE = [
  /^No match for argument: (\S+)/gm,
  /Unable to find a match: (\S+)/g,
  /E: Unable to locate package (\S+)/g,
  /E: Version '[^']*' for '([^']*)' was not found/g,
];

const missingIn = ({ stdout, stderr }: CommandResult): readonly string[] => {
  const text = `${stdout}\n${stderr}`;
  const names = UNAVAILABLE.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, name]) => name),
  );
  return [...new Set(names.filter((name) => name !== undefined))];
};

const REASON_OF_TEXT: readonly (readonly [RegExp, Reason])[] = [
  [
    /Could not get lock|Unable to acquire the dpkg frontend lock|Failed to obtain .*lock/,
    "PACKAGE_MANAGER_BUSY",
  ],
  [
    /needs \d+[A-Z]?B? more space|don't have enough free space|No space left on device/,
    "DISK_FULL",
  ],
  [
    /Failed to download metadata|Cannot prepare internal mirrorlist|Cannot download|Failed to fetch|Temporary failure resolving|Curl error/,
    "PACKAGE_REPOSITORY_UNREACHABLE",
  ],
];

function reasonOf(result: CommandResult): Reason {
  const text = `${result.stdout}\n${result.stderr}`;
  const known = REASON_OF_TEXT.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return known;
  return missingIn(result).length > 0 ? "PACKAGE_UNAVAILABLE" : "PACKAGE_CHANGE_FAILED";
}
