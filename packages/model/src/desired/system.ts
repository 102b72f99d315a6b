import type { Repository } from "../distribution/repository.ts";
import type { KernelArgument } from "../kernel/kernel-arguments.ts";

/** What a profile asks of kernel and operating system; what it does not name is left alone. */
export interface SystemSpec {
  /** On every kernel of the host, in force with the next boot. */
  readonly kernelArguments: readonly KernelArgument[];
  /** Boots with `selinux=0`. Labels of files go stale: turning it on again takes a full relabelling. */
  readonly disablesSelinux: boolean;
  readonly repositories: readonly Repository[];
  /** Names, or names with version, as dnf and apt take them. */
  readonly packages: readonly string[];
  /** Installs the newest kernel that the repositories offer, with its headers, and boots it. */
  readonly updatesKernel: boolean;
  /** Loaded now and at every boot. */
  readonly modulesAtBoot: readonly string[];
}

export const LIMITS_OF_SYSTEM = {
  kernelArgumentsMax: 32,
  repositoriesMax: 16,
  packagesMax: 200,
  modulesAtBootMax: 32,
  componentsMax: 8,
} as const;

/** `selinux=0`. @see torvalds/linux Documentation/admin-guide/kernel-parameters.txt */
export const SELINUX_OFF: KernelArgument = "selinux=0";

/** Every kernel argument that the spec asks for. */
export const wantedArguments = (spec: SystemSpec): readonly KernelArgument[] => [
  ...spec.kernelArguments,
  ...(spec.disablesSelinux ? [SELINUX_OFF] : []),
];
