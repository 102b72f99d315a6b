import {
  type BootEntry,
  comparePackageVersions,
  type DistroProfile,
  findDistroProfile,
  hasArgument,
  type Inventory,
  type KernelArgument,
  kernelHeadersPackage,
  kernelPackages,
  mergeArguments,
  missingArguments,
  missingInEntries,
  type RebootEffect,
  SELINUX_OFF,
  type SystemFacts,
  type SystemSpec,
  UNKNOWN_SYSTEM,
  wantedArguments,
} from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import {
  ensureDefaultKernel,
  ensureKernelArguments,
  ensureModulesAtBoot,
  ensurePackages,
  ensureRepositories,
} from "../../steps/system-steps.ts";
import { missingNames } from "../package-names.ts";
import { afterIommuChange } from "./iommu-after.ts";
import { emptySection, type PlanSection, type Section } from "./section.ts";
import { selinuxWarning, unknownFactFindings, unsupportedDistribution } from "./system-findings.ts";

interface System {
  readonly spec: SystemSpec;
  readonly distro: DistroProfile;
  readonly observed: Inventory;
  readonly facts: SystemFacts;
}

/**
 * Kernel and operating system: repositories, the newest kernel with its headers, packages, kernel arguments on
 * all kernels, modules. What needs a boot says so also where it was set by hand before.
 */
export const systemSection: PlanSection = ({ host, desired, observed }) => {
  const spec = desired.system;
  if (spec === undefined) return emptySection(observed);
  const distro = findDistroProfile(observed.os);
  if (distro === undefined) {
    return { ...emptySection(observed), findings: [unsupportedDistribution(host, observed)] };
  }
  const facts = observed.system ?? UNKNOWN_SYSTEM;
  const system = { spec, distro, observed, facts };
  const rebootEffects = effectsOf(system);
  return {
    drafts: draftsOf(system),
    findings: [...unknownFactFindings(host, spec, facts), ...selinuxWarning(host, spec, facts)],
    rebootEffects,
    after: afterSystem(system, rebootEffects),
  };
};

const draftsOf = (system: System): readonly Draft[] => [
  ...repositoryDrafts(system),
  ...kernelDrafts(system),
  ...packageDrafts(system),
  ...argumentDrafts(system),
  ...moduleDrafts(system),
];

function repositoryDrafts({ spec, distro, facts }: System): readonly Draft[] {
  const { repositories } = facts;
  if (repositories === undefined) return [];
  const missing = spec.repositories.filter(({ id }) => !repositories.includes(id));
  return missing.length === 0 ? [] : [ensureRepositories(distro.family, missing)];
}

/** Release of the kernel that shall run; undefined where the profile does not mind or nobody knows. */
const wantedKernel = ({ spec, facts }: System): string | undefined =>
  spec.updatesKernel ? facts.newestKernel : undefined;

function kernelDrafts(system: System): readonly Draft[] {
  const { distro, facts } = system;
  const release = wantedKernel(system);
  if (release === undefined || facts.kernels === undefined) return [];
  const installed = facts.kernels.find((kernel) => kernel.release === release);
  const specs = [
    ...(installed === undefined ? kernelPackages(distro, release) : []),
    ...(installed?.hasHeaders === true ? [] : [kernelHeadersPackage(distro, release)]),
  ];
  const isDefault = facts.bootEntries?.some(
    (entry) => entry.isDefault && entry.kernelRelease === release,
  );
  const choosesDefault = distro.bootloader === "grubby" && isDefault === false;
  return [
    ...(specs.length === 0 ? [] : [ensurePackages(distro.family, specs)]),
    ...(choosesDefault ? [ensureDefaultKernel(distro.family, release)] : []),
  ];
}

function packageDrafts({ spec, distro, facts }: System): readonly Draft[] {
  const { packages } = facts;
  if (packages === undefined) return [];
  const missing = missingNames(packages, spec.packages);
  return missing.length === 0 ? [] : [ensurePackages(distro.family, missing)];
}

function argumentDrafts({ spec, distro, facts }: System): readonly Draft[] {
  const wanted = wantedArguments(spec);
  const { bootEntries } = facts;
  if (bootEntries === undefined || missingInEntries(bootEntries, wanted).length === 0) return [];
  const present = bootEntries.flatMap((entry) => entry.arguments);
  const merged = distro.bootloader === "grubby" ? mergeArguments(present, wanted) : wanted;
  return [ensureKernelArguments(distro.family, merged)];
}

const kernelName = (module: string): string => module.replaceAll("-", "_");

function moduleDrafts({ spec, facts }: System): readonly Draft[] {
  const { modulesAtBoot } = facts;
  if (modulesAtBoot === undefined) return [];
  const isMissing = spec.modulesAtBoot.some((each) => !modulesAtBoot.includes(kernelName(each)));
  return isMissing ? [ensureModulesAtBoot(spec.modulesAtBoot)] : [];
}

function effectsOf(system: System): readonly RebootEffect[] {
  const { spec, facts, observed } = system;
  const release = wantedKernel(system);
  const isOther = release !== undefined && release !== observed.os.kernelRelease;
  const running = facts.kernelArguments;
  const missing = running === undefined ? [] : missingArguments(running, wantedArguments(spec));
  const needsColdCycle = false;
  return [
    ...(isOther ? [{ kind: "kernel-release" as const, release, needsColdCycle }] : []),
    ...(missing.length > 0
      ? [{ kind: "kernel-arguments" as const, present: missing, absent: [], needsColdCycle }]
      : []),
  ];
}

/** The host once everything was set and, where it has effects, once it has booted. */
function afterSystem(system: System, effects: readonly RebootEffect[]): Section["after"] {
  const { spec, facts, observed } = system;
  const release = wantedKernel(system) ?? observed.os.kernelRelease;
  const wanted = wantedArguments(spec);
  const names = Object.fromEntries(spec.packages.map((each) => [each, ""]));
  const after: SystemFacts = {
    ...facts,
    packages: facts.packages && { ...names, ...facts.packages },
    repositories: union(
      facts.repositories,
      spec.repositories.map(({ id }) => id),
    ),
    modulesAtBoot: union(facts.modulesAtBoot, spec.modulesAtBoot.map(kernelName)),
    kernels: spec.updatesKernel ? withKernel(facts.kernels, release) : facts.kernels,
    bootEntries: facts.bootEntries && entriesAfter(facts.bootEntries, wantedKernel(system), wanted),
    ...(effects.length > 0 && {
      kernelArguments: facts.kernelArguments && [
        ...facts.kernelArguments,
        ...missingArguments(facts.kernelArguments, wanted),
      ],
      rebootRequiredBy: facts.rebootRequiredBy && [],
      ...(wanted.some((each) => hasArgument([SELINUX_OFF], each)) && {
        selinux: "disabled" as const,
      }),
    }),
  };
  if (effects.length === 0) return { ...observed, system: after };
  const os = { ...observed.os, kernelRelease: release };
  return afterIommuChange({ ...observed, os, system: after });
}

/** All with the arguments; the wanted kernel is there, inherits from the default, and is the default. */
function entriesAfter(
  entries: readonly BootEntry[],
  release: string | undefined,
  wanted: readonly KernelArgument[],
): readonly BootEntry[] {
  const all = entries.map((entry) => ({
    ...entry,
    arguments: [...entry.arguments, ...missingArguments(entry.arguments, wanted)],
  }));
  if (release === undefined) return all;
  const model = all.find(({ isDefault }) => isDefault);
  const isThere = all.some(({ kernelRelease }) => kernelRelease === release);
  const added = isThere
    ? []
    : [
        {
          kernelRelease: release,
          kernelPath: `/boot/vmlinuz-${release}`,
          arguments: model?.arguments ?? wanted,
        },
      ];
  return [...added, ...all].map((entry) => ({
    ...entry,
    isDefault: entry.kernelRelease === release,
  }));
}

const union = (
  known: readonly string[] | undefined,
  added: readonly string[],
): readonly string[] | undefined => known && [...new Set([...known, ...added])].sort();

const withKernel = (kernels: SystemFacts["kernels"], release: string): SystemFacts["kernels"] =>
  kernels &&
  [...kernels.filter((each) => each.release !== release), { release, hasHeaders: true }].toSorted(
    (a, b) => comparePackageVersions(a.release, b.release),
  );
