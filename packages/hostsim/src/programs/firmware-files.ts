import { type FirmwareVersion, formatFirmware, parseFirmwareVersion } from "@switchyard/model";
import type { BurnedImage } from "../machine/firmware.ts";

/*
 * Firmware files as the simulator knows them: a first line that says what it is, then what is in it. Their
 * checksums are real.
 */

const DELL_PACKAGE = "#!/bin/sh\n# Dell Update Package\n";
const FLASH_IMAGE = "MTFW FS4 image\n";
const ARCHIVE = "MFA archive\n";

/** An image as the makers of test files name it, versions in either spelling. */
export interface SimImage {
  readonly psid: string;
  readonly version: string;
  readonly requires?: string;
}

const payload = (image: SimImage): BurnedImage => ({
  psid: image.psid,
  version: parseFirmwareVersion(image.version),
  requires: image.requires === undefined ? undefined : parseFirmwareVersion(image.requires),
});

/** Text of a Dell update package (`….BIN`), which runs as a program. */
export const dellPackageFile = (image: SimImage): string =>
  `${DELL_PACKAGE}${JSON.stringify(payload(image))}\n`;

/** Text of a plain image (`….bin`). */
export const flashImageFile = (image: SimImage): string =>
  `${FLASH_IMAGE}${JSON.stringify(payload(image))}\n`;

/** Text of an archive of images for several PSIDs. */
export const archiveFile = (images: readonly SimImage[]): string =>
  `${ARCHIVE}${JSON.stringify(images.map(payload))}\n`;

const content = <T>(text: string, head: string): T | undefined =>
  text.startsWith(head) ? (JSON.parse(text.slice(head.length)) as T) : undefined;

export const readDellPackage = (text: string) => content<BurnedImage>(text, DELL_PACKAGE);
export const readFlashImage = (text: string) => content<BurnedImage>(text, FLASH_IMAGE);
export const readArchive = (text: string) => content<readonly BurnedImage[]>(text, ARCHIVE);

/** `22.39.10.02`, as Dell writes versions. */
export const dellVersion = (version: FirmwareVersion): string => formatFirmware(version);
