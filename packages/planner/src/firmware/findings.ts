import {
  BOOTS_OF_JOB_MAX,
  type Finding,
  type FirmwareImage,
  formatFirmware,
  type Nic,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import type { ConfigDifference } from "./config.ts";

/** A card for people, by its first port. */
export interface CardName {
  readonly host: string;
  readonly nic: Nic;
}

export const cardOf = ({ nic }: CardName): string =>
  `the card at ${nic.pfs[0]?.pciAddress ?? nic.serial}`;

const psidOf = ({ nic }: CardName): string => `PSID ${nic.psid ?? "unknown"}`;

export function imageMissing(card: CardName, images: readonly FirmwareImage[]): Finding {
  const psids = [...new Set(images.map(({ psid }) => psid))].join(", ");
  const isSecure = card.nic.firmwareFacts?.isSecure === true;
  return warningFinding("FIRMWARE_IMAGE_MISSING", {
    message: `${card.host} keeps the firmware of ${cardOf(card)}`,
    found: `${psidOf(card)}; images for ${psids}${isSecure ? "; secure-fw takes none of another PSID" : ""}`,
    needs: `an image for ${psidOf(card)}`,
  });
}

export const otherFamily = (card: CardName, target: FirmwareImage): Finding =>
  errorFinding("FIRMWARE_IMAGE_UNSUITABLE", {
    message: `${card.host} can't take the profile's image into ${cardOf(card)}`,
    found: `image ${formatFirmware(target.version)} for a card that runs ${runningOf(card)}`,
    needs: "an image of the card's own family",
  });

export const downgradeRefused = (card: CardName, target: FirmwareImage): Finding =>
  errorFinding("FIRMWARE_DOWNGRADE_REFUSED", {
    message: `${card.host} would get older firmware in ${cardOf(card)}`,
    found: `${storedOf(card)} stored, ${formatFirmware(target.version)} in the profile`,
    needs: `an image that is not older than ${storedOf(card)}`,
  });

export const chainMissing = (card: CardName, target: FirmwareImage): Finding =>
  errorFinding("FIRMWARE_PATH_MISSING", {
    message: `${card.host} can't get from ${runningOf(card)} to ${formatFirmware(target.version)} on ${cardOf(card)}`,
    found: `${runningOf(card)} running, and no image in between`,
    needs:
      target.requiresVersion === undefined
        ? "a chain of images that each can be burned on the one before"
        : `an image of ${formatFirmware(target.requiresVersion)} or newer that ${runningOf(card)} can take`,
  });

export const chainTooLong = (card: CardName, hopCount: number): Finding =>
  errorFinding("FIRMWARE_PATH_MISSING", {
    message: `${card.host} would boot ${hopCount} times for ${cardOf(card)}`,
    found: `${hopCount} images one after the other`,
    needs: `at most ${BOOTS_OF_JOB_MAX} boots in one job`,
    fix: "Apply a profile with the first of these images alone, then this one.",
  });

/** No obstacle: the plan asks for the cold cycle. */
export const notActivated = (card: CardName): Finding =>
  warningFinding("FIRMWARE_NOT_ACTIVATED", {
    message: `${card.host} runs old firmware in ${cardOf(card)} until its power goes off and on`,
    found: `${runningOf(card)} running, ${storedOf(card)} stored`,
    needs: "a cold cycle: a warm boot leaves the card under power",
  });

export const psidChanged = (card: CardName): Finding =>
  errorFinding("FIRMWARE_SECURE_CONFLICT", {
    message: `${card.host} has ${cardOf(card)} flashed with another PSID than it was made with`,
    found: `${psidOf(card)}, originally ${card.nic.firmwareFacts?.originalPsid ?? "unknown"}`,
    needs: "a card with its own PSID",
    fix: "Restore the board vendor's own image by hand, with the vendor's instructions.",
  });

/** @param isComing the same plan installs the tools, so that the next plan can use them */
export const toolsMissing = (card: CardName, what: string, isComing: boolean): Finding =>
  (isComing ? warningFinding : errorFinding)("FIRMWARE_TOOLS_MISSING", {
    message: `${card.host} has no tools for ${what} of ${cardOf(card)}`,
    found: "neither mstflint nor MFT",
    needs: "one of them",
    ...(isComing && { fix: "Plan again once this plan has installed them." }),
  });

/** What can't be seen is neither right nor wrong: a plan that left it out would claim to be complete. */
export const configUnreadable = (host: string, pf: string): Finding =>
  errorFinding("FIRMWARE_CONFIG_UNREADABLE", {
    message: `${host} does not show the firmware configuration of ${pf}`,
    found: "no answer, which a finding of the inventory explains",
    needs: "the configuration as it is, before it is changed",
  });

export function configUnsupported(
  host: string,
  pf: string,
  unsupported: ConfigDifference["unsupported"],
): readonly Finding[] {
  if (unsupported.length === 0) return [];
  const names = unsupported.map(({ name }) => name).join(", ");
  return [
    warningFinding("FIRMWARE_CONFIG_UNSUPPORTED", {
      message: `${host} can't set ${names} in the firmware of ${pf}`,
      found: unsupported
        .map(({ name, why }) => `${name} ${why === "unknown" ? "not known" : "read-only"}`)
        .join(", "),
      needs: "parameters that the card's firmware knows",
    }),
  ];
}

const runningOf = ({ nic }: CardName): string =>
  nic.firmware === undefined ? "unknown firmware" : formatFirmware(nic.firmware.running);

const storedOf = ({ nic }: CardName): string =>
  nic.firmware === undefined ? "unknown firmware" : formatFirmware(nic.firmware.stored);
