import type { ReasonEntry } from "./reason-entry.ts";

/** Firmware of NICs, and the files that hosts fetch. */
export const FIRMWARE_REASONS = {
  PSID_MISMATCH: {
    code: "FAILED_PRECONDITION",
    summary: "An image is made for boards with another PSID than the card has.",
    fix: "Name an image for the card's own PSID; nothing was written.",
  },
  FIRMWARE_IMAGE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The profile has no firmware image for the card's PSID (B01).",
    fix: "Add the board vendor's image for this PSID: NVIDIA's sets hold none for Dell's boards.",
  },
  FIRMWARE_IMAGE_UNSUITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "An image does not fit the card or the host (B05).",
    fix: "Take the package that the board's vendor lists for this card and system.",
  },
  FIRMWARE_SECURE_CONFLICT: {
    code: "FAILED_PRECONDITION",
    summary: "The card takes only images signed for its own PSID (secure-fw).",
    fix: "Use the board vendor's own image: cross-flashing is not possible.",
  },
  FIRMWARE_DOWNGRADE_REFUSED: {
    code: "FAILED_PRECONDITION",
    summary: "The image is older than the card's firmware.",
    fix: "Name a newer image, or set firmware.allow_downgrade in the profile.",
  },
  FIRMWARE_PATH_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "No chain of images leads from the running firmware to the wanted one.",
    fix: "Add the image in between to the profile.",
  },
  FIRMWARE_PREREQUISITE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The update package misses something on the host.",
    fix: "Read the package's output in the job's log; install what it names.",
  },
  FIRMWARE_TOOLS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "Neither mstflint nor NVIDIA's MFT is installed on the host.",
    fix: "Install the package mstflint.",
  },
  FIRMWARE_BUSY: {
    code: "FAILED_PRECONDITION",
    summary: "Another program holds the card's flash.",
    fix: "Wait until the other tool has ended, then plan again.",
  },
  FIRMWARE_UPDATE_FAILED: {
    code: "INTERNAL",
    summary: "The card's firmware could not be updated.",
    fix: "Read the tool's output in the job's log.",
  },
  FIRMWARE_UPDATE_INTERRUPTED: {
    code: "INTERNAL",
    summary: "The update did not end in time, and the card does not show the new firmware.",
    fix: "See on the host whether the update still runs; plan again only when it does not.",
  },
  FIRMWARE_NOT_ACTIVATED: {
    code: "FAILED_PRECONDITION",
    summary: "The new firmware is stored, and the old one still runs after a reboot (B06).",
    fix: "Switch the host off and on: a warm reboot leaves the card under power.",
  },
  FIRMWARE_CONFIG_UNSUPPORTED: {
    code: "FAILED_PRECONDITION",
    summary:
      "The card's firmware does not know a configuration parameter, or does not let it be set.",
    fix: "Remove the parameter from the profile, or update the firmware.",
  },
  FIRMWARE_CONFIG_UNREADABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The configuration of the card's firmware could not be read.",
    fix: "Run `mlxconfig -d ADDRESS q` on the host and mend what it complains of.",
  },
  FIRMWARE_CONFIG_REFUSED: {
    code: "INTERNAL",
    summary: "The card did not take a configuration.",
    fix: "Read the tool's output in the job's log.",
  },
  FIRMWARE_RESET_FAILED: {
    code: "INTERNAL",
    summary: "The card was reset, or refused to be, and does not run what it shall.",
    fix: "Create a new plan without `allow_card_reset`, which boots the host instead.",
  },
  CARD_RESET_UNFIT: {
    code: "FAILED_PRECONDITION",
    summary: "The card can't be reset by itself, so that the host is booted.",
    fix: "Apply the plan with its boot, or clear what stands in the way and plan again.",
  },
  ARTEFACT_UNAVAILABLE: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact is neither on the host nor to be had from its source.",
    fix: "Put the file on the host under the path of its source, or make the server reachable.",
  },
  ARTEFACT_CHECKSUM_WRONG: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact's content is not what its SHA-256 says.",
    fix: "Compare the checksum with the one its vendor publishes, then replace the file.",
  },
  ARTEFACT_TOO_LARGE: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact is larger than artefacts of its kind may be.",
    fix: "Check that the source names the right file.",
  },
  ARTEFACT_STORE_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host's artefact store holds as many files as it may, or its disk is full.",
    fix: "Remove files no longer needed from /var/lib/switchyard/artefacts.",
  },
} as const satisfies Record<string, ReasonEntry>;
