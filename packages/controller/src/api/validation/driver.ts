import {
  DOCA_PACKAGE,
  type DriverSpec,
  isOfedModuleVersion,
  isOfedRelease,
  LIMITS_OF_ARTEFACTS,
  LIMITS_OF_DRIVER,
  OFED_DISTRIBUTION,
  OFED_EXTRA_FLAGS,
} from "@switchyard/model";
import type {
  DocaOfedDriver,
  MlnxOfedDriver,
  DriverSpec as ProtoDriverSpec,
} from "@switchyard/proto";
import { readArtefact } from "./artefact.ts";
import type { Violations } from "./violations.ts";

const DOCA_PACKAGES: readonly string[] = ["doca-ofed"];

const readArchive = (artefact: MlnxOfedDriver["archive"], violations: Violations) =>
  readArtefact(artefact, violations, LIMITS_OF_ARTEFACTS.driverBytesMax);

/** One violation per item that is not right, at its place in the list. */
function checkList(
  violations: Violations,
  list: { readonly field: string; readonly items: readonly string[]; readonly max: number },
  rule: { readonly holds: (item: string) => boolean; readonly words: string },
): void {
  const { field, items, max } = list;
  violations.check(items.length <= max, field, `has more than ${max} entries`);
  for (const [at, item] of items.slice(0, max).entries()) {
    violations.check(rule.holds(item), `${field}[${at}]`, rule.words);
  }
}

function readMlnxOfed(driver: MlnxOfedDriver, violations: Violations): DriverSpec | undefined {
  const { version: release, distribution, extraFlags } = driver;
  violations.check(isOfedRelease(release), "version", "must be a release such as 24.04-0.7.0.0");
  violations.check(
    OFED_DISTRIBUTION.test(distribution),
    "distribution",
    "must be a distribution as the installer spells it, such as rhel9.4",
  );
  checkList(
    violations,
    { field: "extra_flags", items: extraFlags, max: LIMITS_OF_DRIVER.extraFlagsMax },
    {
      holds: (flag) => OFED_EXTRA_FLAGS.includes(flag),
      words: `must be one of ${OFED_EXTRA_FLAGS.join(", ")}`,
    },
  );
  const archive = readArchive(driver.archive, violations.at("archive"));
  return archive && { kind: "mlnx-ofed", release, archive, distribution, extraFlags };
}

function readDocaOfed(driver: DocaOfedDriver, violations: Violations): DriverSpec | undefined {
  const { moduleVersion } = driver;
  violations.check(
    isOfedModuleVersion(moduleVersion),
    "module_version",
    "must be the version of mlx5_core, such as 24.10-0.7.0",
  );
  const packages = driver.packages.length === 0 ? DOCA_PACKAGES : driver.packages;
  checkList(
    violations,
    { field: "packages", items: packages, max: LIMITS_OF_DRIVER.packagesMax },
    { holds: (name) => DOCA_PACKAGE.test(name), words: "must be a package such as doca-ofed" },
  );
  const repository = readArchive(driver.repository, violations.at("repository"));
  return repository && { kind: "doca-ofed", moduleVersion, repository, packages };
}

/** The section as the model has it; undefined when a violation was added. */
export function readDriver(spec: ProtoDriverSpec, violations: Violations): DriverSpec | undefined {
  switch (spec.driver?.$case) {
    case "inbox":
      return { kind: "inbox" };
    case "mlnxOfed":
      return readMlnxOfed(spec.driver.value, violations.at("mlnx_ofed"));
    case "docaOfed":
      return readDocaOfed(spec.driver.value, violations.at("doca_ofed"));
    case undefined:
      violations.add("inbox", "one of inbox, mlnx_ofed and doca_ofed is required");
      return undefined;
  }
}
