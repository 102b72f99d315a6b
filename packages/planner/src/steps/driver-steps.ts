import {
  type DriverInstall,
  driverInstallCommands,
  moduleVersionOf,
  openibdRestart,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** For people: `MLNX_OFED 24.04-0.7.0.0`. */
export function nameOfDriver(driver: DriverInstall): string {
  switch (driver.kind) {
    case "inbox":
      return "the kernel's own driver";
    case "mlnx-ofed":
      return `MLNX_OFED ${driver.release}`;
    case "doca-ofed":
      return `DOCA-OFED (${driver.moduleVersion})`;
  }
}

/**
 * Not reversible: the installer removes the packages that were there before, and nothing on the
 * host can bring them back. What runs stays until the driver is loaded anew.
 */
export const ensureDriverInstalled = (
  driver: DriverInstall,
  module: string,
  kernelRelease: string,
): Draft =>
  draft(
    "ensureDriverInstalled",
    { driver, module, kernelRelease },
    {
      title:
        driver.kind === "inbox"
          ? "Remove the vendor's driver"
          : `Build and install ${nameOfDriver(driver)} for ${kernelRelease}`,
      commands: driverInstallCommands(driver).map(run),
      isReversible: false,
    },
  );

/** Not reversible: the driver that ran before is no longer on disk. */
export const ensureDriverLoaded = (driver: DriverInstall, module: string): Draft =>
  draft(
    "ensureDriverLoaded",
    { module, version: moduleVersionOf(driver) },
    {
      title: `Load ${nameOfDriver(driver)} in place of what runs; both ports lose their link for a minute`,
      commands: [run(openibdRestart())],
      disruption: "datapath",
      isReversible: false,
    },
  );
