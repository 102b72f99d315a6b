import type { DistroFamily } from "../distribution/distro-profile.ts";
import type { Argv } from "./argv.ts";

/** @see dnf(8) */
export const dnfInstall = (specs: readonly string[]): Argv => ["dnf", "-y", "install", ...specs];

/** @see dnf-plugins-core, config-manager */
export const dnfSetEnabled = (repository: string): Argv => [
  "dnf",
  "config-manager",
  "--set-enabled",
  repository,
];
/** @see dnf-plugins-core, config-manager */
export const dnfSetDisabled = (repository: string): Argv => [
  "dnf",
  "config-manager",
  "--set-disabled",
  repository,
];

/** Removes exactly these packages: what others need stays, and rpm says so. @see rpm(8) */
export const rpmErase = (names: readonly string[]): Argv => ["rpm", "-e", ...names];

/** Seconds that apt waits for another one to end before it gives up. */
const APT_LOCK_TIMEOUT_S = 600;

const aptGet = (...args: readonly string[]): Argv => [
  "env",
  "DEBIAN_FRONTEND=noninteractive",
  "apt-get",
  "-y",
  "-q",
  "-o",
  `DPkg::Lock::Timeout=${APT_LOCK_TIMEOUT_S}`,
  ...args,
];

/** @see apt-get(8) */
export const aptGetUpdate = (): Argv => aptGet("update");

/** Configuration files that someone edited are kept. @see apt-get(8), dpkg(1) */
export const aptGetInstall = (specs: readonly string[]): Argv =>
  aptGet("-o", "Dpkg::Options::=--force-confold", "install", ...specs);

/** Removes exactly these packages: what others need stays, and dpkg says so. @see dpkg(1) */
export const dpkgRemove = (names: readonly string[]): Argv => ["dpkg", "--remove", ...names];

/** What installs packages, in order. */
export const installCommands = (family: DistroFamily, specs: readonly string[]): readonly Argv[] =>
  family === "rhel" ? [dnfInstall(specs)] : [aptGetUpdate(), aptGetInstall(specs)];

/** Removes packages and what needs them; those that are gone already are no error. @see dnf(8), apt-get(8) */
export const removeWithDependents = (family: DistroFamily, names: readonly string[]): Argv =>
  family === "rhel" ? ["dnf", "-y", "remove", ...names] : aptGet("purge", ...names);

export const removeCommand = (family: DistroFamily, names: readonly string[]): Argv =>
  family === "rhel" ? rpmErase(names) : dpkgRemove(names);
