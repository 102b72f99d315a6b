import {
  argumentKey,
  type DistroProfile,
  type Finding,
  findDistroProfile,
  hasArgument,
  isKernelArgument,
  type KernelArgument,
  type Repository,
  SELINUX_OFF,
  type SystemFacts,
  type SystemSpec,
} from "@switchyard/model";
import { missingNames } from "../host/package-names.ts";
import { systemSection } from "../host/sections/system.ts";
import {
  type Description,
  type DescriptionContext,
  leftOut,
  nothingFound,
  provenSection,
} from "./description.ts";

/** Arguments that VMs with a NIC of their own need; all others are the host's own business. */
const OWN_KEYS: ReadonlySet<string> = new Set(["intel_iommu", "amd_iommu", "iommu", "pci"]);
/** Holds several options, of which each may come from somebody else. */
const LIST_KEY = "pci";

interface Found extends DescriptionContext {
  readonly facts: SystemFacts;
  readonly distro: DistroProfile;
}

/**
 * Kernel arguments for the IOMMU and PCI, modules of the datapath, repositories and packages: what Switchyard
 * itself would ask for, as far as it is there. A kernel that is merely new is no wish to keep it new.
 */
export function describeSystem(context: DescriptionContext): Description<SystemSpec> {
  const { host, observed } = context;
  const facts = observed.system;
  if (facts === undefined) return nothingFound;
  const distro = findDistroProfile(observed.os);
  if (distro === undefined) {
    const needs = "a distribution that Switchyard knows";
    const finding = leftOut(host, "its system", { found: observed.os.prettyName, needs });
    return { spec: undefined, findings: [finding] };
  }
  const found = { ...context, facts, distro };
  const { settled, unsettled } = argumentsOf(facts);
  const spec: SystemSpec = {
    kernelArguments: settled,
    disablesSelinux: isEverywhere(facts, SELINUX_OFF),
    repositories: repositoriesOf(found),
    packages: packagesOf(found),
    updatesKernel: false,
    modulesAtBoot: modulesOf(found),
  };
  const findings = unsettledFindings(host, unsettled);
  if (isEmpty(spec)) return { spec: undefined, findings };
  const section = { plan: systemSection, what: "kernel and system" };
  const proven = provenSection(context, section, { spec, part: { system: spec } });
  return { spec: proven.spec, findings: [...findings, ...proven.findings] };
}

const isEmpty = (spec: SystemSpec): boolean =>
  !spec.disablesSelinux &&
  [spec.kernelArguments, spec.repositories, spec.packages, spec.modulesAtBoot].every(
    ({ length }) => length === 0,
  );

/** Command lines that count: the running kernel's and those of the next boots. */
const linesOf = ({ kernelArguments, bootEntries }: SystemFacts) =>
  kernelArguments === undefined || bootEntries === undefined
    ? []
    : [kernelArguments, ...bootEntries.map((entry) => entry.arguments)];

const isEverywhere = (facts: SystemFacts, argument: KernelArgument): boolean => {
  const lines = linesOf(facts);
  return lines.length > 0 && lines.every((line) => hasArgument(line, argument));
};

function argumentsOf(facts: SystemFacts): {
  readonly settled: readonly KernelArgument[];
  readonly unsettled: readonly KernelArgument[];
} {
  const words = linesOf(facts)
    .flat()
    .filter((each) => OWN_KEYS.has(argumentKey(each)) && isKernelArgument(each))
    .flatMap(optionsApart);
  const each = [...new Set(words)];
  const settled = each.filter((argument) => isEverywhere(facts, argument));
  return {
    settled: together(settled),
    unsettled: each.filter((argument) => !settled.includes(argument)),
  };
}

const optionsApart = (argument: KernelArgument): readonly KernelArgument[] =>
  argumentKey(argument) === LIST_KEY
    ? argument
        .slice(LIST_KEY.length + 1)
        .split(",")
        .filter((option) => option !== "")
        .map((option) => `${LIST_KEY}=${option}`)
    : [argument];

function together(settled: readonly KernelArgument[]): readonly KernelArgument[] {
  const isOption = (argument: KernelArgument) => argumentKey(argument) === LIST_KEY;
  const options = settled.filter(isOption).map((each) => each.slice(LIST_KEY.length + 1));
  const others = settled.filter((each) => !isOption(each));
  return options.length === 0 ? others : [...others, `${LIST_KEY}=${options.join(",")}`];
}

const unsettledFindings = (
  host: string,
  unsettled: readonly KernelArgument[],
): readonly Finding[] =>
  unsettled.length === 0
    ? []
    : [
        leftOut(host, "kernel arguments that are not the same everywhere", {
          found: unsettled.join(" "),
          needs: "the same for the running kernel and for every kernel it can boot",
          fix: "Set them on all kernels and boot, or add them to the profile: its plan does both.",
        }),
      ];

/** Those that the distribution offers and Switchyard knows, and those of the last plan, which hold a source. */
function repositoriesOf({ facts, distro, applied }: Found): readonly Repository[] {
  const enabled = facts.repositories ?? [];
  const asked = (applied?.system?.repositories ?? []).filter(({ id }) => enabled.includes(id));
  const known = [
    ...Object.keys(distro.repositoryPackages),
    ...Object.values(distro.repositoriesOf).flat(),
  ];
  const ofDistribution = [...new Set(known)]
    .filter((id) => enabled.includes(id) && !asked.some((each) => each.id === id))
    .map((id) => ({ id, source: undefined }));
  return [...ofDistribution, ...asked];
}

/** Of the thousands that are installed only those that a profile has asked for. */
function packagesOf({ facts, applied }: Found): readonly string[] {
  const asked = applied?.system?.packages ?? [];
  const missing = new Set(missingNames(facts.packages ?? {}, asked));
  return asked.filter((spec) => !missing.has(spec));
}

const kernelName = (module: string): string => module.replaceAll("-", "_");

function modulesOf({ facts, observed, applied }: Found): readonly string[] {
  const own = [
    "vhost_vdpa",
    ...observed.nics.flatMap(({ vdpaModules, vfioDrivers }) => [
      ...vdpaModules,
      ...(vfioDrivers ?? ["vfio-pci"]),
    ]),
    ...(applied?.system?.modulesAtBoot ?? []),
  ];
  const known = new Set(own.map(kernelName));
  return (facts.modulesAtBoot ?? []).filter((module) => known.has(kernelName(module)));
}
