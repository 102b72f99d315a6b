import { compareFirmware } from "@switchyard/model";
import { driverUsers, reloadDriver } from "../machine/driver.ts";
import { type BurnedImage, burn, isFlashHeld, resetFirmware } from "../machine/firmware.ts";
import { findPf, type Machine } from "../machine/machine.ts";
import { readArchive } from "./firmware-files.ts";
import { optionValue } from "./firmware-options.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * mlxfwmanager(1), which the free package calls mstfwmanager. Texts: Mellanox/mstflint mlxfwupdate/.
 */

const NO_DEVICES = 20;
const PROGRAMMING_FAILED = 2;
const IMAGE_NOT_FOUND = 9;

const version = (key: string, current: string, available: string): string =>
  `     ${key.padEnd(15)}${current.padEnd(15)}${available.padEnd(14)}\n`;

function statusOf(machine: Machine, image: BurnedImage | undefined): string {
  if (image === undefined) return "No matching image found";
  const isNewer = compareFirmware(image.version, machine.firmware.stored) > 0;
  return isNewer ? "Update required" : "Up to date";
}

function device(machine: Machine, pf: string, image: BurnedImage | undefined): string {
  const { firmware, spec } = machine;
  const isPending = firmware.running !== firmware.stored;
  return [
    "Device #1:\n----------\n\n",
    "  Device Type:      ConnectX6DX\n",
    "  Part Number:      0F6FXM_08P2T2\n",
    "  Description:      Mellanox ConnectX-6 Dx Dual Port 100 GbE QSFP56 Adapter\n",
    `  PSID:             ${spec.card.psid}\n`,
    `  PCI Device Name:  ${pf}\n`,
    `  Base GUID:        ${spec.hardwareId}\n`,
    `  Base MAC:         ${spec.hardwareId.slice(0, 12)}\n`,
    "  Versions:         Current        Available     \n",
    version("FW", firmware.stored, image?.version ?? "N/A"),
    isPending ? version("FW (Running)", firmware.running, "N/A") : "",
    version("PXE", "3.7.0201", "N/A"),
    version("UEFI", "14.32.0017", "N/A"),
    `\n  Status:           ${statusOf(machine, image)}\n\n`,
  ].join("");
}

async function update(invoked: Invoked, image: BurnedImage | undefined): Promise<Ended> {
  const { act, machine, args } = invoked;
  const isForced = args.includes("-f") || args.includes("--force");
  const isNewer =
    image !== undefined && compareFirmware(image.version, machine.firmware.stored) > 0;
  if (image === undefined || !(isNewer || isForced)) return printed("No updates performed\n");
  const refusal = await burn(act, image, ["mlxfwmanager", ...args]);
  if (refusal === undefined) {
    return printed(
      "Device #1: Updating FW ...     Done\n\nRestart needed for updates to take effect.\n",
    );
  }
  const why = refusal === "semaphore" ? "Can not obtain Flash semaphore" : "Bad parameter";
  return {
    exitCode: PROGRAMMING_FAILED,
    stdout: `Device #1: Updating FW ...     Fail : ${why}\n`,
    stderr: "-E- One or more errors were encountered.\n",
  };
}

/** `mlxfwmanager --query [-d DEV] [-i ARCHIVE]`, `-d DEV -i ARCHIVE -y -u [-f]`. */
export async function mlxfwmanager(invoked: Invoked): Promise<Ended> {
  const { machine, args } = invoked;
  if (args.includes("-v")) return printed("mlxfwmanager, mft 4.28.0-92\n");
  const pf = optionValue(args, "-d") ?? machine.boot.pfs[0]?.pciAddress ?? "";
  if (findPf(machine, pf) === undefined) {
    return failed(
      "-E- No devices found or specified, mst might be stopped, run 'mst start' to load MST modules",
      NO_DEVICES,
    );
  }
  const path = optionValue(args, "-i");
  const text = path !== undefined && machine.files.isFile(path) ? machine.files.read(path) : "";
  const images = path === undefined ? [] : readArchive(text);
  if (images === undefined) {
    return failed(`-E- ${path} is not a valid image or archive`, IMAGE_NOT_FOUND);
  }
  const image = images.find(({ psid }) => psid === machine.spec.card.psid);
  const head = "Querying Mellanox devices firmware ...\n\n";
  const shown = `${head}${device(machine, pf, image)}`;
  if (!args.includes("-u") && !args.includes("--update")) return printed(shown);
  const ended = await update(invoked, image);
  return { ...ended, stdout: `${shown}${ended.stdout}` };
}

/** `mlxfwreset -d DEV -l 3 -y reset`: both ports go and come back with what is stored. */
async function resetCard({ act, machine, args }: Invoked): Promise<Ended> {
  const level = optionValue(args, "-l");
  if (level !== "3" || machine.firmware.waitsForColdCycle) {
    return failed("-E- There is no supported reset-level");
  }
  if (!args.includes("-y")) return failed("-E- Aborted by user");
  if (isFlashHeld(machine)) return failed("-E- fsm sync timed out");
  const users = driverUsers(machine);
  if (users !== undefined) return failed(`-E- Failed to unload the driver\n${users}`);
  await reloadDriver(act);
  resetFirmware(act);
  return printed(
    [
      "The reset level for device is: 3: Driver restart and PCI reset\n",
      "Continue with reset?[y/N] y\n",
      ...["Sending Reset Command To Fw", "Stopping Driver", "Resetting PCI", "Starting Driver"].map(
        (stage) => `-I- ${stage.padEnd(40)}-Done\n`,
      ),
      "-I- FW was loaded successfully.\n",
    ].join(""),
  );
}

/** `mlxfwreset -d DEV query`: the ways in which stored firmware can be made to run; and the reset itself. */
export async function mlxfwreset(invoked: Invoked): Promise<Ended> {
  const { machine, args } = invoked;
  const pf = optionValue(args, "-d") ?? "";
  if (findPf(machine, pf) === undefined) return failed(`-E- Failed to open device ${pf}`);
  if (args.includes("reset") || args.includes("r")) return await resetCard(invoked);
  const isWarm = !machine.firmware.waitsForColdCycle;
  const level = (number: number, words: string, answer: string) =>
    `${`${number}: ${words}`.padEnd(65)}-${answer}\n`;
  return printed(
    [
      "\nReset-levels:\n",
      level(0, 'Driver, PCI link, network link will remain up ("live-Patch")', "No"),
      level(1, 'Only ARM side will not remain up ("Immediate reset")', "No"),
      level(3, "Driver restart and PCI reset", isWarm ? "Yes (default)" : "No"),
      level(4, "Warm Reboot", isWarm ? "Yes" : "No"),
      level(5, "Cold Reboot", isWarm ? "No" : "Yes (default)"),
      "\n\nReset-types (relevant only for reset-levels 1,3,4):\n",
      level(0, "Full chip reset", "Yes (default)"),
    ].join(""),
  );
}
