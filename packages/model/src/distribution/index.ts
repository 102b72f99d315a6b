export {
  DISTRO_PROFILES,
  type DistroFamily,
  type DistroProfile,
  findDistroProfile,
  kernelHeadersPackage,
  kernelPackages,
  type PackageRole,
} from "./distro-profile.ts";
export {
  type InstalledPackage,
  isPackageSpec,
  meetsSpec,
  missingPackages,
} from "./installed-packages.ts";
export {
  aptRepositoryPath,
  dnfRepositoryPath,
  formatAptRepository,
  formatDnfRepository,
  type Repository,
  type RepositorySource,
} from "./repository.ts";
