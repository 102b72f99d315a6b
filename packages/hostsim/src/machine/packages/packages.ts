import { comparePackageVersions, meetsSpec } from "@switchyard/model";
import { type Act, note } from "../act.ts";
import { addKernel, removeKernel } from "../kernels.ts";
import type { Machine } from "../machine.ts";
import type { MachineSpec } from "../spec.ts";
import { DISTRIBUTIONS, distributionOf } from "./distribution.ts";
import { docaOffers } from "./doca.ts";
import { writeHeaders } from "./headers.ts";
import type { SimPackage } from "./package.ts";
import { enabledRepositories } from "./repositories.ts";

/** The machine's package database; it survives reboots. */
export interface PackageState {
  /** In the order of installation. */
  installed: readonly SimPackage[];
  /** Raised by every transaction, as the database file's time is. */
  serial: number;
}

/** Versions of an install-only package that are kept. @see dnf.conf(5), installonly_limit */
const INSTALL_ONLY_MAX = 3;

/** The base set and the kernel with its headers, less what the spec leaves out. */
export function initialPackages(spec: MachineSpec): PackageState {
  const distribution = DISTRIBUTIONS[spec.distribution];
  const all = [
    ...distribution.base,
    ...(spec.hasOfed ? distribution.vendorPackages : []),
    ...distribution.kernelPackages(spec.kernelRelease),
  ];
  return { installed: all.filter(({ name }) => !spec.packages.absent.includes(name)), serial: 1 };
}

/** What the repository offers on this machine. */
export function offeredBy(machine: Machine, repository: string): readonly SimPackage[] {
  const distribution = distributionOf(machine);
  const { kernelsOffered, offered } = machine.spec.packages;
  const kernels =
    repository === distribution.kernelRepository
      ? kernelsOffered.flatMap(distribution.kernelPackages)
      : [];
  return [
    ...(distribution.repositories[repository] ?? []),
    ...kernels,
    ...(offered[repository] ?? []),
    ...docaOffers(machine.files, repository),
  ];
}

/** Every version that the enabled repositories offer, with the repository. */
export const availablePackages = (machine: Machine) =>
  enabledRepositories(machine).flatMap((repository) =>
    offeredBy(machine, repository).map((each) => ({ each, repository })),
  );

export interface Candidate {
  readonly each: SimPackage;
  readonly repository: string;
}

/** The newest version on offer that a spec means. */
export const findCandidate = (machine: Machine, spec: string): Candidate | undefined =>
  availablePackages(machine)
    .filter(({ each }) => meetsSpec(each, spec))
    .toSorted((a, b) => comparePackageVersions(b.each.version, a.each.version))[0];

export const findInstalled = (machine: Machine, spec: string): readonly SimPackage[] =>
  machine.packages.installed.filter((each) => meetsSpec(each, spec));

const isSame = (a: SimPackage, b: SimPackage): boolean =>
  a.name === b.name && a.version === b.version;

/**
 * What installing a candidate brings, itself first: its dependencies that are not there, each in the version of
 * a kernel where it belongs to one.
 */
export function closureOf(machine: Machine, wanted: readonly Candidate[]): readonly Candidate[] {
  const found: Candidate[] = [];
  const waiting = [...wanted];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { each } = next;
    if (found.some((known) => isSame(known.each, each))) continue;
    found.push(next);
    for (const name of each.requires) {
      const spec = each.isInstallOnly ? `${name}-${each.version}` : name;
      if (findInstalled(machine, spec).length > 0) continue;
      const dependency = findCandidate(machine, spec);
      if (dependency !== undefined) waiting.push(dependency);
    }
  }
  return found;
}

/** Packages that the transaction takes away: older versions, and kernels past the limit but the running one. */
function replacedBy(machine: Machine, incoming: readonly SimPackage[]): readonly SimPackage[] {
  const { installed } = machine.packages;
  return incoming.flatMap((each) => {
    const others = installed.filter(
      ({ name, version }) => name === each.name && version !== each.version,
    );
    if (!each.isInstallOnly) return others;
    const running = machine.boot.kernel.release;
    const old = others
      .filter(({ version }) => !running.startsWith(version))
      .toSorted((a, b) => comparePackageVersions(a.version, b.version));
    return old.slice(0, Math.max(0, others.length + 1 - INSTALL_ONLY_MAX));
  });
}

/** Brings packages onto the machine, with their files. @returns what was taken away for them */
export function installAll(act: Act, incoming: readonly SimPackage[]): readonly SimPackage[] {
  const { machine } = act;
  const replaced = replacedBy(machine, incoming);
  eraseAll(act, replaced);
  const { packages } = machine;
  packages.installed = [
    ...packages.installed.filter((each) => !incoming.some((other) => isSame(each, other))),
    ...incoming,
  ];
  packages.serial += 1;
  for (const each of incoming) {
    note(act, `package ${each.name}-${each.version}`, { before: "absent", after: "installed" });
    const files = distributionOf(machine).packageFiles[each.name] ?? {};
    for (const [path, text] of Object.entries(files)) machine.files.write(path, text);
    const kernel = distributionOf(machine).kernelOf(each);
    if (kernel !== undefined) addKernel(act, kernel);
  }
  writeHeaders(machine);
  return replaced;
}

/** Takes packages off the machine, with their files. */
export function eraseAll(act: Act, outgoing: readonly SimPackage[]): void {
  const { machine } = act;
  if (outgoing.length === 0) return;
  machine.packages.installed = machine.packages.installed.filter(
    (each) => !outgoing.some((other) => isSame(each, other)),
  );
  machine.packages.serial += 1;
  for (const each of outgoing) {
    note(act, `package ${each.name}-${each.version}`, { before: "installed", after: "absent" });
    const files = distributionOf(machine).packageFiles[each.name] ?? {};
    for (const path of Object.keys(files)) machine.files.remove(path);
    const kernel = distributionOf(machine).kernelOf(each);
    if (kernel !== undefined) removeKernel(act, kernel);
  }
  writeHeaders(machine);
}

/** Installed packages that need one of these and are not among them. */
export const dependentsOf = (
  machine: Machine,
  outgoing: readonly SimPackage[],
): readonly { readonly needed: SimPackage; readonly by: SimPackage }[] =>
  machine.packages.installed
    .filter((by) => !outgoing.some((other) => isSame(by, other)))
    .flatMap((by) =>
      outgoing
        .filter((needed) => by.requires.includes(needed.name))
        .filter((needed) => !by.isInstallOnly || needed.version === by.version)
        .map((needed) => ({ needed, by })),
    );

/** Whether a program's package is missing; a program that no package owns is always there. */
export function isProgramMissing(machine: Machine, program: string): boolean {
  const { base, repositories, vendorPackages } = distributionOf(machine);
  const owners = [...base, ...vendorPackages, ...Object.values(repositories).flat()].filter(
    ({ programs }) => programs.includes(program),
  );
  if (owners.length === 0) return false;
  return !owners.some(({ name }) => findInstalled(machine, name).length > 0);
}
