import type { Artefact } from "../artefacts/artefact.ts";
import type { DistroFamily } from "../distribution/distro-profile.ts";
import { assertNever } from "../errors/switchyard-error.ts";
import { ofedModuleVersion } from "../values/ofed-version.ts";

/** Which driver the NICs of a host shall run. */
export type DriverSpec =
  /** The kernel's own; the vendor's packages are removed. */
  | { readonly kind: "inbox" }
  /** MLNX_OFED, built on the host for its running kernel. */
  | {
      readonly kind: "mlnx-ofed";
      /** `24.04-0.7.0.0`. */
      readonly release: string;
      readonly archive: Artefact;
      /** As the installer spells it: `rhel9.4`. */
      readonly distribution: string;
      /** Of {@link OFED_EXTRA_FLAGS}. */
      readonly extraFlags: readonly string[];
    }
  /** DOCA-OFED from the vendor's local repository package. */
  | {
      readonly kind: "doca-ofed";
      /** What mlx5_core carries once it is installed: `24.10-0.7.0`. */
      readonly moduleVersion: string;
      readonly repository: Artefact;
      readonly packages: readonly string[];
    };

/** What one step installs: a {@link DriverSpec} with its files in the host's artefact store. */
export type DriverInstall =
  | {
      readonly kind: "inbox";
      /** DOCA's own packages, which the vendor's script leaves behind; left out where there are none. */
      readonly doca?: { readonly family: DistroFamily; readonly packages: readonly string[] };
    }
  | {
      readonly kind: "mlnx-ofed";
      readonly release: string;
      readonly archivePath: string;
      readonly distribution: string;
      readonly extraFlags: readonly string[];
    }
  | {
      readonly kind: "doca-ofed";
      readonly moduleVersion: string;
      readonly repositoryPath: string;
      readonly packages: readonly string[];
      readonly family: DistroFamily;
    };

/** Version that mlx5_core carries once it is installed; undefined for the kernel's own. */
export function moduleVersionOf(driver: DriverInstall | DriverSpec): string | undefined {
  switch (driver.kind) {
    case "inbox":
      return undefined;
    case "mlnx-ofed":
      return ofedModuleVersion(driver.release);
    case "doca-ofed":
      return driver.moduleVersion;
    default:
      return assertNever(driver);
  }
}

export const LIMITS_OF_DRIVER = {
  extraFlagsMax: 16,
  /** `doca-ofed` and what a foreign kernel needs with it. */
  packagesMax: 16,
} as const;

/** Packages of a DOCA repository that may be asked for: `doca-ofed`, `doca-extra`. */
export const DOCA_PACKAGE = /^doca-[a-z0-9][a-z0-9-]{0,60}$/;

/** What every package of DOCA's own is named with, its repository's too. */
export const isDocaPackage = (name: string): boolean => name.startsWith("doca-");

/** Distributions as mlnxofedinstall spells them: `rhel9.4`, `debian12.1`, `ubuntu22.04`. */
export const OFED_DISTRIBUTION = /^[a-z]+\d{1,2}(\.\d{1,2})?(sp\d)?$/;
