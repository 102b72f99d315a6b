import {
  artefactPath,
  assertNever,
  type DistroProfile,
  type DriverInfo,
  type DriverInstall,
  type DriverSpec,
  driverDigest,
  type Finding,
  findDistroProfile,
  type Inventory,
  isDocaPackage,
  isDriverInstalled,
  isMlnxOfed,
  kernelHeadersPackage,
  moduleVersionOf,
  type Nic,
  type RebootEffect,
} from "@switchyard/model";
import { ensureArtefact } from "../../steps/artefact-steps.ts";
import type { Draft } from "../../steps/draft.ts";
import {
  ensureDriverInstalled,
  ensureDriverLoaded,
  nameOfDriver,
} from "../../steps/driver-steps.ts";
import { ensureInitramfs } from "../../steps/system-steps.ts";
import { isLive } from "../affected-vms.ts";
import { afterDriverRestart } from "../reboot/after-reboot.ts";
import { driverFindings, driverNews, unknownDistribution } from "./driver-findings.ts";
import { packageDrafts } from "./packages.ts";
import { emptySection, type PlanSection, type Section } from "./section.ts";

/** What the section is about: one driver for all NICs it drives. */
interface Wanted {
  readonly host: string;
  readonly observed: Inventory;
  readonly spec: DriverSpec;
  readonly driver: DriverInstall;
  readonly info: DriverInfo;
  readonly distro: DistroProfile;
}

/**
 * The driver of the NICs: installed for the kernel that runs by then, and loaded. A restart of the
 * driver is enough where nothing needs the NIC meanwhile; otherwise it comes with a boot.
 */
export const driverSection: PlanSection = ({ host, desired, observed }) => {
  const info = findDriver(observed);
  const empty = emptySection(observed);
  if (info === undefined) return empty;
  const news = driverNews(host, observed, info);
  if (desired.driver === undefined) return { ...empty, findings: news };
  const distro = findDistroProfile(observed.os);
  if (distro === undefined) return { ...empty, findings: [unknownDistribution(host, observed)] };
  const spec = desired.driver;
  return planDriver({
    host,
    observed,
    spec,
    driver: toInstall(spec, observed, distro),
    info,
    distro,
  });
};

const findDriver = ({ nics }: Inventory): DriverInfo | undefined =>
  nics.find(({ driverInfo }) => driverInfo !== undefined)?.driverInfo;

/** A spec with its files where the host will have them. */
function toInstall(
  spec: DriverSpec,
  { system }: Inventory,
  { family }: DistroProfile,
): DriverInstall {
  switch (spec.kind) {
    case "inbox": {
      const packages = Object.keys(system?.packages ?? {})
        .filter(isDocaPackage)
        .toSorted();
      return packages.length === 0
        ? { kind: "inbox" }
        : { kind: "inbox", doca: { family, packages } };
    }
    case "mlnx-ofed": {
      const { kind, release, archive, distribution, extraFlags } = spec;
      return { kind, release, archivePath: artefactPath(archive.sha256), distribution, extraFlags };
    }
    case "doca-ofed": {
      const { kind, moduleVersion, repository, packages } = spec;
      const repositoryPath = artefactPath(repository.sha256);
      return { kind, moduleVersion, repositoryPath, packages, family };
    }
    default:
      return assertNever(spec);
  }
}

function planDriver(wanted: Wanted): Section {
  const { observed, driver, info, distro } = wanted;
  const kernel = observed.os.kernelRelease;
  const needsInstall = !isDriverInstalled(info, driver, kernel);
  const isLoaded = info.loaded !== undefined && info.loaded.version === moduleVersionOf(driver);
  if (!needsInstall && isLoaded) return emptySection(observed);
  const initramfs = ensureInitramfs(distro.family, kernel);
  const drafts = needsInstall ? [...installDrafts(wanted), initramfs] : [initramfs];
  const findings = needsInstall ? driverFindings(wanted) : [];
  const installed = needsInstall ? withInstalled(wanted) : observed;
  if (isLoaded) return { drafts, findings, rebootEffects: [], after: installed };
  return loadedSection(wanted, { drafts, findings, installed });
}

function installDrafts({ observed, spec, driver, info, distro }: Wanted): readonly Draft[] {
  const kernel = observed.os.kernelRelease;
  const install = ensureDriverInstalled(driver, info.module, kernel);
  if (spec.kind === "inbox") return [install];
  const archive = spec.kind === "mlnx-ofed" ? spec.archive : spec.repository;
  const hasHeaders = info.kernelsWithHeaders.includes(kernel);
  const headers = hasHeaders ? [] : [kernelHeadersPackage(distro, kernel)];
  return [
    ...packageDrafts(observed, distro, { role: "driver-build", extra: headers }),
    ensureArtefact(archive, `the archive of ${nameOfDriver(driver)}`),
    install,
  ];
}

function loadedSection(
  { observed, driver, info }: Wanted,
  so: {
    readonly drafts: readonly Draft[];
    readonly findings: readonly Finding[];
    readonly installed: Inventory;
  },
): Section {
  const { drafts, findings, installed } = so;
  if (canRestart(observed, driver, info.module)) {
    return {
      drafts: [...drafts, ensureDriverLoaded(driver, info.module)],
      findings,
      rebootEffects: [],
      after: afterDriverRestart(installed, info.module),
    };
  }
  const version = moduleVersionOf(driver);
  const effect: RebootEffect = {
    kind: "driver",
    needsColdCycle: false,
    module: info.module,
    version,
  };
  return { drafts, findings, rebootEffects: [effect], after: installed };
}

/**
 * The vendor's script that restarts the driver is there with the vendor's driver only. It takes the
 * link of both ports away for a minute or two and fails while a VM holds a device.
 */
function canRestart(observed: Inventory, driver: DriverInstall, module: string): boolean {
  const own = observed.nics.filter((nic) => nic.driver === module).flatMap(({ pfs }) => pfs);
  return (
    driver.kind !== "inbox" &&
    !own.some(({ carriesManagement }) => carriesManagement) &&
    !observed.vms.some(isLive)
  );
}

/** MLNX_OFED brings its Open vSwitch along and takes it with it. */
function withInstalled({ observed, driver, info }: Wanted): Inventory {
  const kernelRelease = observed.os.kernelRelease;
  const version = moduleVersionOf(driver);
  const others = <Each extends { readonly kernelRelease: string }>(list: readonly Each[]) =>
    list.filter((each) => each.kernelRelease !== kernelRelease);
  const own: DriverInfo = {
    ...info,
    onDisk: [...others(info.onDisk), { kernelRelease, version }],
    release: driver.kind === "mlnx-ofed" ? `MLNX_OFED_LINUX-${driver.release}` : undefined,
    builds: [
      ...others(info.builds),
      ...(driver.kind === "inbox" ? [] : [installedBuild(driver, kernelRelease)]),
    ],
  };
  const withOwn = (nic: Nic): Nic =>
    nic.driverInfo === undefined ? nic : { ...nic, driverInfo: own };
  return { ...observed, nics: observed.nics.map(withOwn), ovs: ovsAfter(observed, driver, info) };
}

const installedBuild = (driver: DriverInstall, kernelRelease: string) =>
  ({
    kernelRelease,
    state: "installed",
    digest: driverDigest(driver, kernelRelease),
    release: moduleVersionOf(driver) ?? "",
    logFolder: "",
    failure: "",
  }) as const;

function ovsAfter(
  { ovs }: Inventory,
  driver: DriverInstall,
  { release }: DriverInfo,
): Inventory["ovs"] {
  if (driver.kind === "inbox") return isMlnxOfed(release) ? undefined : ovs;
  if (driver.kind === "doca-ofed" || ovs !== undefined) return ovs;
  const state = { isRunning: false, hwOffload: false, isRestartPending: false, bridges: [] };
  return { version: "unknown", ...state };
}
