import { type BurnedImage, type BurnRefusal, burn, isFlashHeld } from "../machine/firmware.ts";
import type { Machine } from "../machine/machine.ts";
import { findPf } from "../machine/machine.ts";
import { readFlashImage } from "./firmware-files.ts";
import { optionValue } from "./firmware-options.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * flint(1), which the free package calls mstflint. Texts: Mellanox/mstflint flint/.
 */

const SEMAPHORE =
  'Can not obtain Flash semaphore (63). You can run "flint -clear_semaphore -d <device>" to force semaphore unlock. See help for details.';

const row = (key: string, value: string): string => `${`${key}:`.padEnd(23)}${value}\n`;

function queryDevice(machine: Machine, isFull: boolean): string {
  const { firmware, spec } = machine;
  const isPending = firmware.running !== firmware.stored;
  return [
    row("Image type", "FS4"),
    row("FW Version", firmware.stored),
    isPending ? row("FW Version(Running)", firmware.running) : "",
    row("FW Release Date", "28.2.2024"),
    row("Product Version", firmware.stored),
    row("Rom Info", "type=UEFI version=14.32.17 cpu=AMD64,AARCH64"),
    `${" ".repeat(23)}type=PXE version=3.7.201 cpu=AMD64\n`,
    row("Description", "UID                GuidsNumber"),
    row("Base GUID", `${spec.hardwareId}        16`),
    row("Base MAC", `${spec.hardwareId.slice(0, 12)}            16`),
    row("Image VSD", "N/A"),
    row("Device VSD", "N/A"),
    row("PSID", spec.card.psid),
    spec.card.originalPsid === undefined ? "" : row("Orig PSID", spec.card.originalPsid),
    isFull ? row("Security Attributes", spec.card.isSecured ? "secure-fw" : "N/A") : "",
    isFull ? row("Security Ver", "0") : "",
    isFull ? row("Default Update Method", "fw_ctrl") : "",
    isFull ? row("Life cycle", spec.card.isSecured ? "GA SECURED" : "GA NON SECURED") : "",
  ].join("");
}

const queryImage = (image: BurnedImage): string =>
  [
    row("Image type", "FS4"),
    row("FW Version", image.version),
    row("FW Release Date", "28.2.2024"),
    row("PSID", image.psid),
    row("Security Attributes", "secure-fw"),
  ].join("");

const refusalText = (
  refusal: BurnRefusal,
  psids: { readonly flash: string; readonly image: string },
): string => {
  switch (refusal) {
    case "semaphore":
      return `-E- Burning FS4 image failed: ${SEMAPHORE}`;
    case "secure":
      return "-E- Burning FS4 image failed: Changing PSID is unsupported under Secure FW";
    case "psid":
      return `-E- PSID mismatch. The PSID on flash (${psids.flash}) differs from the PSID in the given image (${psids.image}).`;
    case "parameter":
      return "-E- Burning FS4 image failed: Bad parameter";
  }
};

function imageAt(machine: Machine, path: string): BurnedImage | undefined {
  return machine.files.isFile(path) ? readFlashImage(machine.files.read(path)) : undefined;
}

async function burnFile(invoked: Invoked, image: BurnedImage): Promise<Ended> {
  const { act, machine, args } = invoked;
  const refusal = await burn(act, image, ["flint", ...args]);
  if (refusal !== undefined) {
    const psids = { flash: machine.spec.card.psid, image: image.psid };
    return failed(refusalText(refusal, psids), 7);
  }
  return printed(
    "Burning FW image without signatures  - OK\nRestoring signature                   - OK\n-I- To load new FW run reboot machine.\n",
  );
}

/** `flint -v`, `-d DEV q [full]`, `-i FILE q`, `-d DEV -i FILE -y burn`. */
export function flint(invoked: Invoked): Ended | Promise<Ended> {
  const { machine, args } = invoked;
  if (args.includes("-v")) return printed("flint, mft 4.28.0-92, built on Apr 25 2024\n");
  const device = optionValue(args, "-d");
  const path = optionValue(args, "-i");
  const image = path === undefined ? undefined : imageAt(machine, path);
  if (path !== undefined && image === undefined) {
    return failed(`-E- Failed to open image file: ${path}. Not a valid FW image`, 7);
  }
  if (device !== undefined && findPf(machine, device) === undefined) {
    return failed(`-E- Cannot open Device: ${device}. No such file or directory. MFE_CR_ERROR`);
  }
  if (args.some((arg) => arg === "b" || arg === "burn")) {
    if (image === undefined) return failed("-E- Please specify an image file with -i", 1);
    return burnFile(invoked, image);
  }
  if (image !== undefined) return printed(queryImage(image));
  if (isFlashHeld(machine)) return failed(`-E- Cannot open Device: ${device}. ${SEMAPHORE}`);
  return printed(queryDevice(machine, args.includes("full")));
}
