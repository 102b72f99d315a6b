import { type DriverInstall, moduleVersionOf } from "../desired/driver.ts";
import { assertNever } from "../errors/switchyard-error.ts";
import { digestOf } from "../values/canonical-json.ts";

/** A NIC's kernel module as one kernel would load it. */
export interface DriverOnDisk {
  readonly kernelRelease: string;
  /** Version the vendor's module carries, `24.04-0.7.0`; the inbox module carries none. */
  readonly version: string | undefined;
}

/** How far a build of the vendor's driver for one kernel got. */
export type DriverBuildState = "building" | "installed" | "failed";

/** What the agent wrote down about the last build for one kernel, so that the same is not built twice. */
export interface DriverBuild {
  readonly kernelRelease: string;
  readonly state: DriverBuildState;
  /** Digest of what was asked for: archive, its version, flags, kernel. */
  readonly digest: string;
  /** Release asked for, `24.04-0.7.0.0`; of DOCA-OFED the modules' version; or {@link REMOVAL}. */
  readonly release: string;
  /** Folder on the host that holds what the installer said. */
  readonly logFolder: string;
  /** Why it failed, one sentence; empty unless it did. */
  readonly failure: string;
}

/** {@link DriverBuild.release} while the vendor's driver is taken off the host; forgotten once it is. */
export const REMOVAL = "inbox";

/** A NIC's kernel driver: what runs, and what is on disk. They differ until it is loaded anew. */
export interface DriverInfo {
  /** `mlx5_core`. */
  readonly module: string;
  /** Undefined while it is not loaded. */
  readonly loaded: { readonly version: string | undefined } | undefined;
  /** One for each installed kernel that has the module. */
  readonly onDisk: readonly DriverOnDisk[];
  /** Kernels whose headers are there to build against. */
  readonly kernelsWithHeaders: readonly string[];
  /** What `ofed_info -s` says, `MLNX_OFED_LINUX-24.04-0.7.0.0`; undefined without the vendor's packages. */
  readonly release: string | undefined;
  readonly builds: readonly DriverBuild[];
}

/** Digest of everything a build depends on. The archive's path holds its checksum. */
export const driverDigest = (driver: DriverInstall, kernelRelease: string): string =>
  digestOf({ driver, kernelRelease });

/**
 * Whether `driver` is on disk for the kernel as asked for. What someone installed by hand counts; a build or a
 * removal that was cut short does not, and neither does a build made with other flags or a removal that failed.
 */
export function isDriverInstalled(
  info: DriverInfo,
  driver: DriverInstall,
  kernelRelease: string,
): boolean {
  const onDisk = findDriverOnDisk(info, kernelRelease);
  if (onDisk === undefined || onDisk.version !== moduleVersionOf(driver)) return false;
  if (!isReleaseOf(info.release, driver)) return false;
  const build = info.builds.find((each) => each.kernelRelease === kernelRelease);
  if (build === undefined) return true;
  if (driver.kind === "inbox") return build.release !== REMOVAL;
  if (build.state === "building") return false;
  return build.state === "failed" || build.digest === driverDigest(driver, kernelRelease);
}

/** Whether {@link DriverInfo.release} is MLNX_OFED's, and not DOCA's `OFED-internal-24.10-1.1.4`. */
export const isMlnxOfed = (release: string | undefined): boolean =>
  release?.startsWith("MLNX_OFED_LINUX-") ?? false;

/** DOCA's packages name themselves in several ways, so that the modules alone tell. */
function isReleaseOf(release: string | undefined, driver: DriverInstall): boolean {
  switch (driver.kind) {
    case "inbox":
      return release === undefined;
    case "mlnx-ofed":
      return release === `MLNX_OFED_LINUX-${driver.release}`;
    case "doca-ofed":
      return true;
    default:
      return assertNever(driver);
  }
}

/** The module that a boot of this kernel loads; undefined when the kernel has none. */
export const findDriverOnDisk = (
  info: DriverInfo,
  kernelRelease: string,
): DriverOnDisk | undefined => info.onDisk.find((each) => each.kernelRelease === kernelRelease);
