import { installOfed, runningKernel } from "../machine/driver.ts";
import type { Machine } from "../machine/machine.ts";
import { distributionOf } from "../machine/packages/distribution.ts";
import { findInstalled } from "../machine/packages/packages.ts";
import { endProcess, startProcess } from "../machine/process.ts";
import { MachineGone } from "../machine/refusal.ts";
import { readArchive, type SimOfedArchive } from "./archive-files.ts";
import type { Ended, Invoked, Program } from "./program.ts";

/*
 * MLNX_OFED's installer. Texts and return codes: MLNX_OFED 24.04 user manual, and public logs of builds.
 */

const EXIT_FAILED = 1;
const EXIT_NO_FIRMWARE = 2;
const EXIT_NO_SPACE = 28;
const EXIT_NOT_APPLICABLE = 171;
const EXIT_PREREQUISITES = 172;
/** What a build leaves no room for. */
const BUILD_BYTES = 5 * 1024 ** 3;

const ended = (exitCode: number, stdout: string): Ended => ({ exitCode, stdout, stderr: "" });

interface Run {
  readonly machine: Machine;
  readonly archive: SimOfedArchive;
  readonly args: readonly string[];
  readonly kernel: string;
  /** Folder that the build works in. */
  readonly folder: string;
}

const preface = ({ archive, folder }: Run): string =>
  `Note: This program will create MLNX_OFED_LINUX TGZ for ${archive.distribution} under ${folder} directory.\n` +
  `See log file ${folder}/mlnx_iso.4711_logs/OFED.4711.logs\n\n` +
  "Checking if all needed packages are installed...\n";

const BUILDING = "Building MLNX_OFED_LINUX RPMS . Please wait...\n";

function prerequisitesMissing(run: Run): Ended | undefined {
  const { machine } = run;
  const missing = distributionOf(machine).buildPackages.filter(
    (name) => findInstalled(machine, name).length === 0,
  );
  if (missing.length === 0) return undefined;
  return ended(
    EXIT_PREREQUISITES,
    `${preface(run)}One or more required packages for installing MLNX_OFED_LINUX are missing.\n` +
      `Please install the missing packages using your Linux distribution Package Management tool:\n${missing.join("\n")}\n`,
  );
}

/** Headers of another kernel are no help, and neither is a kernel newer than the release. */
function buildFailure(run: Run): Ended | undefined {
  const { machine, archive, kernel, folder } = run;
  const hasHeaders = machine.files.isFile(`/lib/modules/${kernel}/build/Makefile`);
  if (hasHeaders && archive.kernels.some((each) => kernel.startsWith(each))) return undefined;
  const source = `${folder}/mlnx_iso.4711/MLNX_OFED_SRC-${archive.release}`;
  return ended(
    EXIT_FAILED,
    `${preface(run)}${BUILDING}\nERROR: Failed executing "${source}/install.pl --all --build-only"\n` +
      `ERROR: See ${folder}/mlnx_iso.4711_logs/mlnx_ofed_iso.4711.log\n` +
      `Failed to build MLNX_OFED_LINUX for ${kernel}\n`,
  );
}

function refusalOf(run: Run): Ended | undefined {
  const { machine, args, archive } = run;
  if (!args.includes("--force")) {
    return ended(
      EXIT_FAILED,
      "This program will install the MLNX_OFED_LINUX package on your machine.\n" +
        "Do you want to continue?[y/N]:\n",
    );
  }
  if (args[args.indexOf("--distro") + 1] !== archive.distribution) {
    return ended(EXIT_NOT_APPLICABLE, "Current operation system is not supported!\n");
  }
  const missing = prerequisitesMissing(run);
  if (missing !== undefined) return missing;
  if (machine.spec.freeBytes < BUILD_BYTES) {
    return ended(
      EXIT_NO_SPACE,
      `${preface(run)}${BUILDING}error: write failed: No space left on device\n`,
    );
  }
  return buildFailure(run);
}

/** NVIDIA's archive holds no firmware for an OEM's card. */
const firmwareWords = ({ spec }: Machine): string =>
  spec.card.ports
    .slice(0, 1)
    .map(
      ({ pciAddress }) =>
        `The firmware for this device is not distributed inside Mellanox driver: ${pciAddress.slice(5)} (PSID: ${spec.card.psid})\n`,
    )
    .join("") +
  "To obtain firmware for this device, please contact your HW vendor.\n\nFailed to update Firmware.\n";

const TAIL =
  "Added 'RUN_FW_UPDATER_ONBOOT=no to /etc/infiniband/openib.conf\n\n" +
  "You may need to update your initramfs before next boot. To do that, run:\n\n   dracut -f\n" +
  "To load the new driver, run:\n/etc/init.d/openibd restart\n";

/** Takes the time of a build, in which the machine may be booted away under it. */
async function build({ machine }: Run, argv: readonly string[]): Promise<void> {
  const { boot, spec, clock } = machine;
  const { pid } = startProcess(machine, { name: "mlnxofedinstall", argv, qemu: undefined });
  if (spec.driverBuildMs > 0) await clock.sleep(spec.driverBuildMs);
  if (machine.boot !== boot) throw new MachineGone();
  endProcess(machine, pid);
}

async function install(invoked: Invoked, path: string, archive: SimOfedArchive): Promise<Ended> {
  const { machine, act, args } = invoked;
  const kernel = runningKernel(machine);
  const folder = `/tmp/MLNX_OFED_LINUX-${archive.release}-${kernel}`;
  const run: Run = { machine, archive, args, kernel, folder };
  const refusal = refusalOf(run);
  if (refusal !== undefined) return refusal;
  await build(run, [path, ...args]);
  installOfed(act, archive.release);
  const head = `${preface(run)}${BUILDING}Installation passed successfully\n`;
  return args.includes("--without-fw-update")
    ? ended(0, `${head}${TAIL}`)
    : ended(EXIT_NO_FIRMWARE, `${head}${firmwareWords(machine)}${TAIL}`);
}

/** The installer at a path; undefined when there is none. */
export function ofedInstallerAt({ files }: Machine, path: string): Program | undefined {
  if (!path.endsWith("/mlnxofedinstall") || !files.isFile(path)) return undefined;
  const archive = readArchive(files.read(path));
  if (archive?.kind !== "mlnx-ofed") return undefined;
  return (invoked) => install(invoked, path, archive);
}
