import {
  aptGetUpdate,
  aptRepositoryPath,
  DISTRO_PROFILES,
  type DistroFamily,
  dnfInstall,
  dnfRepositoryPath,
  dnfSetEnabled,
  formatAptRepository,
  formatDnfRepository,
  formatGrubDefaults,
  formatModulesAtBoot,
  GRUB_DEFAULTS_PATH,
  grubbySetDefault,
  grubbyUpdate,
  initramfsPath,
  installCommands,
  type KernelArgument,
  MODULES_AT_BOOT_PATH,
  modprobe,
  type PlannedCommand,
  type Repository,
  rebuildInitramfs,
  updateGrub,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** Names in a title before it says how many more there are. */
const NAMES_SHOWN_MAX = 6;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  const rest = names.length - NAMES_SHOWN_MAX;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** @param specs what is missing, as the package manager takes it */
export const ensurePackages = (family: DistroFamily, specs: readonly string[]): Draft =>
  draft(
    "ensurePackages",
    { family, specs },
    { title: `Install ${listed(specs)}`, commands: installCommands(family, specs).map(run) },
  );

function repositoryCommands(
  family: DistroFamily,
  repository: Repository,
): readonly PlannedCommand[] {
  const { id, source } = repository;
  const packageName = DISTRO_PROFILES[family].repositoryPackages[id];
  if (source !== undefined) {
    return family === "rhel"
      ? [write(dnfRepositoryPath(id), formatDnfRepository(id, source))]
      : [write(aptRepositoryPath(id), formatAptRepository(source)), run(aptGetUpdate())];
  }
  return [run(packageName === undefined ? dnfSetEnabled(id) : dnfInstall([packageName]))];
}

export const ensureRepositories = (
  family: DistroFamily,
  repositories: readonly Repository[],
): Draft =>
  draft(
    "ensureRepositories",
    { family, repositories },
    {
      title: `Enable the repositories ${listed(repositories.map(({ id }) => id))}`,
      commands: repositories.flatMap((each) => repositoryCommands(family, each)),
    },
  );

/** @param args on Rocky with the options of list keys that are there already: grubby replaces a key's value */
export const ensureKernelArguments = (
  family: DistroFamily,
  args: readonly KernelArgument[],
): Draft =>
  draft(
    "ensureKernelArguments",
    { family, arguments: args },
    {
      title: `Give all kernels ${args.join(" ")}`,
      commands:
        DISTRO_PROFILES[family].bootloader === "grubby"
          ? [run(grubbyUpdate("ALL", { set: args, remove: [] }))]
          : [write(GRUB_DEFAULTS_PATH, formatGrubDefaults(args)), run(updateGrub())],
    },
  );

export const ensureDefaultKernel = (family: DistroFamily, kernelRelease: string): Draft =>
  draft(
    "ensureDefaultKernel",
    { family, kernelRelease },
    {
      title: `Boot kernel ${kernelRelease} from now on`,
      commands: [run(grubbySetDefault(`/boot/vmlinuz-${kernelRelease}`))],
    },
  );

export const ensureModulesAtBoot = (modules: readonly string[]): Draft =>
  draft(
    "ensureModulesAtBoot",
    { modules },
    {
      title: `Load ${modules.join(", ")} now and at every boot`,
      commands: [
        ...modules.map((each) => run(modprobe(each))),
        write(MODULES_AT_BOOT_PATH, formatModulesAtBoot(modules)),
      ],
    },
  );

/** For whoever changed modules that an initramfs holds: the boot would load the old ones. */
export const ensureInitramfs = (family: DistroFamily, kernelRelease: string): Draft =>
  draft(
    "ensureInitramfs",
    { family, kernelRelease },
    {
      title: `Make ${initramfsPath(family, kernelRelease)} anew`,
      commands: [run(rebuildInitramfs(family, kernelRelease))],
      isReversible: false,
    },
  );
