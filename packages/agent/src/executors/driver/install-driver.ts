import {
  COMMAND_DEFAULTS,
  DRIVER_BUILD_TIMEOUT_MS,
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
  ofedUninstall,
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
  driver: DriverInstall,
): Promise<Installed> {
  switch (driver.kind) {
    case "mlnx-ofed":
      return buildOfed(context, driver);
    case "doca-ofed":
      await context.host.remove(DRIVER_WORK_FOLDER);
      await context.host.makeFolder(DRIVER_WORK_FOLDER);
      return runAll(context.host, docaInstallCommands(driver));
    case "inbox":
      return runAll(context.host, [ofedUninstall()]);
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
