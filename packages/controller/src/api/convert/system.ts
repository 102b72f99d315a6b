import type { SystemFacts, SystemSpec } from "@switchyard/model";
import type {
  SystemFacts as ProtoSystemFacts,
  SystemSpec as ProtoSystemSpec,
} from "@switchyard/proto";

export const toProtoSystemSpec = (spec: SystemSpec): ProtoSystemSpec => ({
  kernelArguments: [...spec.kernelArguments],
  disableSelinux: spec.disablesSelinux,
  repositories: spec.repositories.map(({ id, source }) => ({
    id,
    url: source?.url ?? "",
    gpgKey: source?.gpgKey ?? "",
    suite: source?.suite ?? "",
    components: [...(source?.components ?? [])],
  })),
  packages: [...spec.packages],
  updateKernel: spec.updatesKernel,
  modulesAtBoot: [...spec.modulesAtBoot],
});

/** Packages go as their count: a host has thousands, and a list of hosts would not fit a message. */
export const toProtoSystemFacts = (facts: SystemFacts): ProtoSystemFacts => ({
  kernels: (facts.kernels ?? []).map((kernel) => ({ ...kernel })),
  newestKernel: facts.newestKernel ?? "",
  kernelArguments: [...(facts.kernelArguments ?? [])],
  bootEntries: (facts.bootEntries ?? []).map((entry) => ({
    kernelRelease: entry.kernelRelease,
    arguments: [...entry.arguments],
    isDefault: entry.isDefault,
  })),
  modulesAtBoot: [...(facts.modulesAtBoot ?? [])],
  repositories: [...(facts.repositories ?? [])],
  packageCount: Object.keys(facts.packages ?? {}).length,
  rebootRequiredBy: [...(facts.rebootRequiredBy ?? [])],
  iommu: facts.iommu && {
    isAdvertised: facts.iommu.isAdvertised,
    units: [...facts.iommu.units],
    groupTypes: { ...facts.iommu.groupTypes },
  },
  isSecureBoot: facts.isSecureBoot,
  lockdown: facts.lockdown ?? "",
  selinux: facts.selinux ?? "",
  hugepages: (facts.hugepages ?? []).map(({ sizeBytes, count }) => ({
    sizeBytes: BigInt(sizeBytes),
    count,
  })),
  disks: (facts.disks ?? []).map(({ path, sizeBytes, availableBytes }) => ({
    path,
    sizeBytes: BigInt(sizeBytes),
    availableBytes: BigInt(availableBytes),
  })),
  isTimeSynchronized: facts.isTimeSynchronized,
  virtualization: facts.virtualization ?? "",
  numaNodes: (facts.numaNodes ?? []).map(({ memoryBytes, ...node }) => ({
    ...node,
    memoryBytes: BigInt(memoryBytes),
  })),
});
