import {
  type DriverInfo,
  type DriverInstall,
  driverDigest,
  type Finding,
  findDriverOnDisk,
  type Inventory,
  isMlnxOfed,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { lockedDownBy } from "../../preflight/lockdown.ts";

const words = (version: string | undefined): string => version ?? "the kernel's own";

export const unknownDistribution = (host: string, { os }: Inventory): Finding =>
  errorFinding("DISTRIBUTION_UNSUPPORTED", {
    message: `${host} runs a distribution that Switchyard can't install a driver on`,
    found: os.prettyName,
    needs: "the RHEL or the Debian family",
  });

/** What is wrong with the driver as it is, whatever the profile asks for. */
export const driverNews = (
  host: string,
  observed: Inventory,
  info: DriverInfo,
): readonly Finding[] => [
  ...loadedFindings(host, observed, info),
  ...kernelFindings(host, observed, info),
  ...ovsFindings(host, observed),
];

/** B10, B12: what is installed is not what runs. */
function loadedFindings(host: string, { os }: Inventory, info: DriverInfo): readonly Finding[] {
  const onDisk = findDriverOnDisk(info, os.kernelRelease);
  if (onDisk === undefined || info.loaded === undefined) return [];
  if (onDisk.version === info.loaded.version) return [];
  return [
    warningFinding("DRIVER_NOT_IN_FORCE", {
      message: `${host} runs another ${info.module} than the one on disk`,
      found: `loaded: ${words(info.loaded.version)}`,
      needs: words(onDisk.version),
      fix: "/etc/init.d/openibd restart, or reboot; if it comes back, make the initramfs anew",
    }),
  ];
}

/** B13: an update of the kernel left the vendor's modules behind. */
function kernelFindings(host: string, { os }: Inventory, info: DriverInfo): readonly Finding[] {
  const { kernelRelease } = os;
  if (info.release === undefined) return [];
  if (findDriverOnDisk(info, kernelRelease)?.version !== undefined) return [];
  const kernels = info.onDisk
    .filter(({ version }) => version !== undefined)
    .map((each) => each.kernelRelease);
  if (kernels.length === 0) return [];
  return [
    warningFinding("DRIVER_FOR_OTHER_KERNEL", {
      message: `${host} has ${info.release} for another kernel`,
      found: `built for ${kernels.join(", ")}`,
      needs: kernelRelease,
    }),
  ];
}

/** `2.17.8+nvidia.e92ac07` and `2.17.8` are one build; other numbers are another. */
const numberOf = (version: string): string => /^[\d.]+/.exec(version)?.[0] ?? version;

function ovsFindings(host: string, { ovs }: Inventory): readonly Finding[] {
  if (ovs?.daemonVersion === undefined || !ovs.isRunning) return [];
  if (numberOf(ovs.version) === numberOf(ovs.daemonVersion)) return [];
  return [
    warningFinding("OVS_BUILDS_MIXED", {
      message: `${host} has two builds of Open vSwitch`,
      found: `tools ${ovs.version}, daemon ${ovs.daemonVersion}`,
      needs: "both of one build",
    }),
  ];
}

interface Wish {
  readonly host: string;
  readonly observed: Inventory;
  readonly driver: DriverInstall;
  readonly info: DriverInfo;
}

/** What stands in the way of installing the driver, or will. */
export const driverFindings = (wish: Wish): readonly Finding[] =>
  wish.driver.kind === "inbox"
    ? []
    : [
        ...secureBootFindings(wish),
        ...otherDriverFindings(wish),
        ...distributionFindings(wish),
        ...failedBuildFindings(wish),
      ];

function secureBootFindings({ host, observed, driver }: Wish): readonly Finding[] {
  const cause = lockedDownBy(observed);
  if (cause === undefined) return [];
  return [
    errorFinding("SECURE_BOOT_REFUSES_DRIVER", {
      message: `${host} would not load modules that are built on it`,
      found: cause,
      needs: `Secure Boot off for ${driver.kind}, or modules signed with an enrolled key`,
    }),
  ];
}

/**
 * MLNX_OFED's installer removes what is there before it; a package manager does not.
 *
 * @see NVIDIA, "MLNX_OFED to DOCA-OFED Transition Guide"
 */
function otherDriverFindings({ host, driver, info }: Wish): readonly Finding[] {
  if (driver.kind !== "doca-ofed" || !isMlnxOfed(info.release)) return [];
  return [
    errorFinding("DRIVER_OTHER_INSTALLED", {
      message: `${host} still has MLNX_OFED, and DOCA-OFED does not replace it`,
      found: info.release ?? "",
      needs: "the kernel's own driver",
    }),
  ];
}

/** Rebuilds of RHEL go by its name: `rhel9.4` is also Rocky 9.4. */
function distributionFindings({ host, observed, driver }: Wish): readonly Finding[] {
  if (driver.kind !== "mlnx-ofed" || driver.distribution.endsWith(observed.os.versionId)) return [];
  return [
    warningFinding("DRIVER_ARCHIVE_UNSUITABLE", {
      message: `${host} has another release than the driver's archive is for`,
      found: observed.os.prettyName,
      needs: driver.distribution,
    }),
  ];
}

function failedBuildFindings({ host, observed, driver, info }: Wish): readonly Finding[] {
  const { kernelRelease } = observed.os;
  const digest = driverDigest(driver, kernelRelease);
  const build = info.builds.find((each) => each.kernelRelease === kernelRelease);
  if (build?.state !== "failed" || build.digest !== digest) return [];
  return [
    warningFinding("DRIVER_BUILD_FAILED", {
      message: `the same build failed on ${host} before`,
      found: build.failure,
      needs: "that its cause is gone",
      fix: `Read the log in ${build.logFolder} on the host`,
    }),
  ];
}
