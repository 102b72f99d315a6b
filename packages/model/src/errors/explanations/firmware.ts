import type { FIRMWARE_REASONS } from "../reasons/firmware.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const FIRMWARE_EXPLANATIONS: ExplanationsOf<typeof FIRMWARE_REASONS> = {
  PSID_MISMATCH: because(["the image is for another board"], "C01"),
  FIRMWARE_IMAGE_MISSING: because(["no artefact for this PSID was given"], "C01"),
  FIRMWARE_IMAGE_UNSUITABLE: because(["the image is for another family or release"], "C01"),
  FIRMWARE_SECURE_CONFLICT: because(["a signed card refuses an unsigned image"], "C01"),
  FIRMWARE_DOWNGRADE_REFUSED: because(["the wished version is older than what runs"], "C01"),
  FIRMWARE_PATH_MISSING: because(["no stepping stone leads from the running version"], "C01"),
  FIRMWARE_PREREQUISITE_MISSING: because(["the server vendor's package needs another one first"]),
  FIRMWARE_TOOLS_MISSING: because(["mstflint or MFT is not installed"]),
  FIRMWARE_BUSY: because(["another update or reset of the card is in flight"]),
  FIRMWARE_UPDATE_FAILED: because(["the tool refused the image or lost the card"], "C01"),
  FIRMWARE_UPDATE_INTERRUPTED: because(
    ["the agent or the host stopped during the burn"],
    "B06",
    "C01",
  ),
  FIRMWARE_NOT_ACTIVATED: because(["the card needs a cold cycle"], "B06"),
  FIRMWARE_CONFIG_UNSUPPORTED: because(["this card or firmware does not have the parameter"]),
  FIRMWARE_CONFIG_UNREADABLE: because(["another tool holds the card", "the card does not answer"]),
  FIRMWARE_CONFIG_REFUSED: because(["the value is out of range, or depends on another one"]),
  FIRMWARE_RESET_FAILED: because([
    "a program or a driver held the card, so that it never became idle",
    "the card keeps its old firmware until its power is off",
  ]),
  CARD_RESET_UNFIT: because([
    "VFs, VMs or the management path are on the card",
    "the card offers no reset with the driver's restart (level 3)",
  ]),
  ARTEFACT_UNAVAILABLE: because(["the server or the path does not have it"]),
  ARTEFACT_CHECKSUM_WRONG: because(["another file lies there", "the transfer was damaged"]),
  ARTEFACT_TOO_LARGE: because(["the file is larger than it was declared"]),
  ARTEFACT_STORE_FULL: because(["old artefacts were not removed"], "HOST-DISK"),
};
