import { compareFirmware, type FirmwareVersion } from "@switchyard/model";
import { type BurnedImage, burn } from "../machine/firmware.ts";
import type { Machine } from "../machine/machine.ts";
import { dellVersion, readDellPackage } from "./firmware-files.ts";
import { type Ended, type Invoked, type Program, printed } from "./program.ts";

/*
 * A Dell update package: a file that is a program. Texts and exit codes: Dell Update Packages User's Guide,
 * "Exit Codes for CLI", "CLI options for Linux".
 */

const SUCCESSFUL = 0;
const UNSUCCESSFUL = 1;
const REBOOT_REQUIRED = 2;
const DEP_SOFT_ERROR = 3;
const QUAL_HARD_ERROR = 5;

const INVENTORY = "Collecting inventory...\n..........\nRunning validation...\n\n";

const ended = (exitCode: number, text: string): Ended => ({ ...printed(text), exitCode });

function versions(package_: BurnedImage, installed: FirmwareVersion): string {
  const order = compareFirmware(package_.version, installed);
  const word = order > 0 ? "newer than" : order === 0 ? "the same as" : "older than";
  return (
    `The version of this Update Package is ${word} the currently installed version.\n` +
    `Software application name: Mellanox ConnectX-6 Dx Dual Port 100 GbE QSFP56 Adapter\n` +
    `Package version: ${dellVersion(package_.version)}\nInstalled version: ${dellVersion(installed)}\n\n`
  );
}

async function execute(
  { act, machine, args }: Invoked,
  package_: BurnedImage,
  path: string,
): Promise<Ended> {
  const before = `${INVENTORY}${versions(package_, machine.firmware.stored)}Executing update...\n`;
  const refusal = await burn(act, package_, [path, ...args]);
  if (refusal === undefined) {
    return ended(
      REBOOT_REQUIRED,
      `${before}  Update success\n\nThe system should be restarted for the update to take effect.\n`,
    );
  }
  const why = refusal === "semaphore" ? "Can not obtain Flash semaphore" : "Bad parameter";
  return ended(UNSUCCESSFUL, `${before}  Update failure. ${why}\n`);
}

function run(invoked: Invoked, package_: BurnedImage, path: string): Ended | Promise<Ended> {
  const { machine, args } = invoked;
  const { stored } = machine.firmware;
  // Without -q it pages its release notes and asks; nobody answers here.
  if (!args.includes("-q")) return ended(UNSUCCESSFUL, "Continue: Y/N?\n");
  if (package_.psid !== machine.spec.card.psid) {
    const words =
      "This Update Package is not compatible with any of the devices detected in your system.\n";
    return ended(QUAL_HARD_ERROR, `${INVENTORY}${words}`);
  }
  const isNewer = compareFirmware(package_.version, stored) > 0;
  const said = `${INVENTORY}${versions(package_, stored)}`;
  if (!isNewer && !args.includes("-f")) {
    const words =
      "You must use the -f option to continue with the update in the noninteractive mode.\n";
    return ended(DEP_SOFT_ERROR, `${said}${words}`);
  }
  return args.includes("-c") ? ended(SUCCESSFUL, said) : execute(invoked, package_, path);
}

/** The program in a file, where the file is a package that may be executed. */
export function dellPackageAt(machine: Machine, path: string): Program | undefined {
  const { files } = machine;
  if (!path.startsWith("/") || !files.isExecutable(path)) return undefined;
  const package_ = readDellPackage(files.read(path));
  return package_ && ((invoked) => run(invoked, package_, path));
}
