import { type SystemFacts, type SystemSpec, UNKNOWN_SYSTEM } from "@switchyard/model";

/** Of the seed procedure's Rocky 9.4 as it comes from the installer. */
export const OLD_KERNEL = "5.14.0-427.13.1.el9_4.x86_64";
export const NEW_KERNEL = "5.14.0-427.42.1.el9_4.x86_64";

/** A freshly installed Rocky 9.4 on its first kernel, while the repositories have a newer one. */
export const buildSystemFacts = (overrides: Partial<SystemFacts> = {}): SystemFacts => ({
  ...UNKNOWN_SYSTEM,
  packages: { bash: "5.1.8-9.el9", "kernel-core": "5.14.0-427.13.1.el9_4" },
  repositories: ["appstream", "baseos", "extras"],
  kernels: [{ release: OLD_KERNEL, hasHeaders: true }],
  newestKernel: NEW_KERNEL,
  kernelArguments: ["ro", "quiet"],
  bootEntries: [
    {
      kernelRelease: OLD_KERNEL,
      kernelPath: `/boot/vmlinuz-${OLD_KERNEL}`,
      arguments: ["ro", "quiet", "$tuned_params"],
      isDefault: true,
    },
  ],
  modulesAtBoot: [],
  rebootRequiredBy: [],
  iommu: { isAdvertised: true, units: ["dmar0"], groupTypes: { identity: 60 } },
  isSecureBoot: false,
  lockdown: "none",
  selinux: "enforcing",
  hugepages: [],
  disks: [],
  isTimeSynchronized: true,
  virtualization: "none",
  ...overrides,
});

/** A profile's section that asks for nothing but what is given. */
export const buildSystemSpec = (overrides: Partial<SystemSpec> = {}): SystemSpec => ({
  kernelArguments: [],
  disablesSelinux: false,
  repositories: [],
  packages: [],
  updatesKernel: false,
  modulesAtBoot: [],
  ...overrides,
});
