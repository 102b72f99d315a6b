import {
  type Argv,
  type DriverOnDisk,
  HostError,
  mlnxofedinstall,
  ofedUninstall,
  openibdRestart,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { listOptional, readOptional, runChecked, runOptional } from "../tool.ts";
import { modinfoField, ofedInfo } from "./commands.ts";
import { type InstallOutcome, parseInstall, parseOfedInfo, parseRestartFailure } from "./parse.ts";

/** A build takes 10 to 30 minutes on a server; this is for one that is busy. */
export const DRIVER_BUILD_TIMEOUT_MS = 90 * 60_000;
/** Unloading and loading both ports takes one to two minutes. */
const RESTART_TIMEOUT_MS = 5 * 60_000;
const UNINSTALL_TIMEOUT_MS = 20 * 60_000;
/** Bytes of the installer's words kept: its end. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** Kernels looked at; a distribution keeps three. */
const KERNELS_MAX = 8;

const MODULES_FOLDER = "/lib/modules";

/** Release of the vendor's packages, `MLNX_OFED_LINUX-24.04-0.7.0.0`; undefined without them. */
export async function readOfedRelease(host: Host): Promise<string | undefined> {
  const result = await runOptional(host, { argv: ofedInfo() });
  return result?.exitCode === 0 ? parseOfedInfo(result.stdout) : undefined;
}

/** Installed kernels, sorted by name. Of more than the bound some are left out, never the running one. */
export async function listInstalledKernels(
  host: Host,
  running: string,
): Promise<readonly string[]> {
  const kernels = await listOptional(host, MODULES_FOLDER);
  const kept = new Set([running, ...kernels.slice(-KERNELS_MAX)]);
  return kernels.filter((kernel) => kept.has(kernel));
}

/** Kernels, of those given, whose headers modules can be built against. */
export async function findKernelsWithHeaders(
  host: Host,
  kernels: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const kernel of kernels) if (await hasKernelHeaders(host, kernel)) found.push(kernel);
  return found;
}

/** The folder may be a link into nothing, so that a file behind it is asked for. */
export const hasKernelHeaders = (host: Host, kernelRelease: string): Promise<boolean> =>
  host.exists(`${MODULES_FOLDER}/${kernelRelease}/build/Makefile`);

/** The module as `kernelRelease` would load it; undefined when that kernel has none. */
export async function findModuleOnDisk(
  host: Host,
  module: string,
  kernelRelease: string,
): Promise<DriverOnDisk | undefined> {
  const field = (name: "filename" | "version") =>
    runOptional(host, { argv: modinfoField({ module, kernelRelease, field: name }) });
  const filename = await field("filename");
  if (filename?.exitCode !== 0) return undefined;
  const version = await field("version");
  return { kernelRelease, version: version?.stdout.trim() || undefined };
}

/** The module as it runs; its version is undefined for an inbox module, which carries none. */
export async function findLoadedModule(
  host: Host,
  module: string,
): Promise<{ readonly version: string | undefined } | undefined> {
  const folder = `/sys/module/${module}`;
  if (!(await host.exists(folder))) return undefined;
  return { version: (await readOptional(host, `${folder}/version`)) || undefined };
}

/** An installer's run with everything it said. */
export interface InstallRun extends InstallOutcome {
  readonly argv: Argv;
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Builds and installs MLNX_OFED for the running kernel from an unpacked archive. Takes half an hour
 * and is never cut short, because half an installer leaves a host without any driver. What went
 * wrong is in the outcome and not thrown, because the words that led there are to be kept.
 *
 * @throws CommandError COMMAND_NOT_STARTED (no installer in the folder), COMMAND_TIMED_OUT
 */
export async function installOfed(
  host: Host,
  options: {
    readonly folder: string;
    readonly distribution: string;
    readonly extraFlags: readonly string[];
  },
): Promise<InstallRun> {
  const argv = mlnxofedinstall(options);
  const result = await host.run({
    argv,
    timeoutMs: DRIVER_BUILD_TIMEOUT_MS,
    maxOutputBytes: OUTPUT_BYTES_MAX,
  });
  const output = `${result.stdout}${result.stderr}`;
  return { ...parseInstall(output, result.exitCode), argv, exitCode: result.exitCode, output };
}

/**
 * Removes the vendor's packages, so that the kernel's own module is what a boot loads.
 *
 * @throws CommandError COMMAND_FAILED
 */
export async function uninstallOfed(host: Host): Promise<CommandResult> {
  return runChecked(host, { argv: ofedUninstall(), timeoutMs: UNINSTALL_TIMEOUT_MS });
}

/**
 * Loads the modules on disk in place of those that run. VFs, switchdev mode and vDPA devices are
 * gone after it.
 *
 * @throws HostError DRIVER_IN_USE, DRIVER_LOAD_FAILED, SECURE_BOOT_REFUSES_DRIVER
 */
export async function restartOpenibd(host: Host): Promise<void> {
  const argv = openibdRestart();
  const result = await host.run({ argv, timeoutMs: RESTART_TIMEOUT_MS });
  if (result.exitCode === 0 && !/\[FAILED\]/.test(result.stdout)) return;
  const { reason, found, fix } = parseRestartFailure(`${result.stdout}\n${result.stderr}`);
  throw new HostError(reason, `the NIC's driver was not loaded anew: ${found}`, {
    argv: argv.join(" "),
    exitCode: String(result.exitCode),
    stderr: `${result.stdout}${result.stderr}`.trim().slice(-2048),
    found,
    try: fix,
  });
}
