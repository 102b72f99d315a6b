import {
  COMMAND_DEFAULTS,
  DRIVER_BUILD_TIMEOUT_MS,
  findModuleOnDisk,
  type Host,
  type InstallFailure,
  installOfed,
  unpackArchive,
} from "@switchyard/host";
import {
  assertNever,
  DRIVER_WORK_FOLDER,
  type DriverInstall,
  docaInstallCommands,
  inboxInstallCommands,
  type StepArguments,
} from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/** What an installation came to, whichever way it was made. */
export interface Installed {
  readonly output: string;
  readonly failure: InstallFailure | undefined;
  /** Files on the host in which the installer says more. */
  readonly logPaths: readonly string[];
}

/** @throws CommandError for an archive that can't be unpacked, COMMAND_TIMED_OUT */
export async function installDriver(
  context: StepContext,
  { driver, module, kernelRelease }: StepArguments["ensureDriverInstalled"],
): Promise<Installed> {
  switch (driver.kind) {
    case "mlnx-ofed":
      return buildOfed(context, driver);
    case "doca-ofed":
      return installDoca(context, driver, { module, kernelRelease });
    case "inbox":
      return uninstallVendor(context, driver);
    default:
      return assertNever(driver);
  }
}

async function buildOfed(
  { host, say }: StepContext,
  driver: Extract<DriverInstall, { kind: "mlnx-ofed" }>,
): Promise<Installed> {
  await unpackArchive(host, driver.archivePath, DRIVER_WORK_FOLDER);
  const run = await installOfed(host, { ...driver, folder: DRIVER_WORK_FOLDER });
  for (const notice of run.notices) say(`${notice} (expected)`);
  return run;
}

/** The vendor's script goes with its packages: a removal that was cut short goes on without it. */
async function uninstallVendor(
  { host }: StepContext,
  driver: Extract<DriverInstall, { kind: "inbox" }>,
): Promise<Installed> {
  const [script, ...others] = inboxInstallCommands(driver);
  const isThere = script?.[0] !== undefined && (await host.exists(script[0]));
  return runAll(host, isThere ? [script, ...others] : others);
}

/**
 * The package manager ends with status 0 also where the modules fit another kernel, or were not built for this one:
 * only what is on disk afterwards tells.
 */
async function installDoca(
  { host }: StepContext,
  driver: Extract<DriverInstall, { kind: "doca-ofed" }>,
  { module, kernelRelease }: { readonly module: string; readonly kernelRelease: string },
): Promise<Installed> {
  await host.remove(DRIVER_WORK_FOLDER);
  await host.makeFolder(DRIVER_WORK_FOLDER);
  const run = await runAll(host, docaInstallCommands(driver));
  if (run.failure !== undefined) return run;
  const onDisk = await findModuleOnDisk(host, module, kernelRelease);
  if (onDisk?.version === driver.moduleVersion) return run;
  return { ...run, failure: wrongModule(`${module} of ${kernelRelease}`, onDisk?.version, driver) };
}

const wrongModule = (
  module: string,
  version: string | undefined,
  { moduleVersion }: Extract<DriverInstall, { kind: "doca-ofed" }>,
): InstallFailure =>
  version === undefined
    ? {
        reason: "DRIVER_BUILD_FAILED",
        found: `the packages are there, and ${module} is still the kernel's own`,
        needs: moduleVersion,
        fix: "Use a repository package that supports this kernel, or a kernel that it supports",
      }
    : {
        reason: "DRIVER_INSTALL_FAILED",
        found: `${module} is ${version}`,
        needs: moduleVersion,
        fix: `Set doca_ofed.module_version to ${version}, or name another repository package`,
      };

/** Runs programs up to the first that fails, and keeps what they said. */
async function runAll(
  host: Host,
  commands: ReturnType<typeof docaInstallCommands>,
): Promise<Installed> {
  let output = "";
  for (const argv of commands) {
    const { exitCode, stdout, stderr } = await host.run({
      argv,
      timeoutMs: DRIVER_BUILD_TIMEOUT_MS,
      maxOutputBytes: COMMAND_DEFAULTS.maxOutputBytes,
    });
    output += `${stdout}${stderr}`;
    if (exitCode !== 0) return { output, failure: failureOf(argv, exitCode), logPaths: [] };
  }
  return { output, failure: undefined, logPaths: [] };
}

const failureOf = (argv: readonly string[], exitCode: number): InstallFailure => ({
  reason: "DRIVER_INSTALL_FAILED",
  found: `${argv[0]} ended with status ${exitCode}`,
  needs: "status 0",
  fix: "Read what it said in the log that was kept",
});
