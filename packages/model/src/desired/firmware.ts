import type { Artefact } from "../artefacts/artefact.ts";
import type { FirmwareVersion } from "../values/firmware-version.ts";
import type { Psid } from "../values/psid.ts";

/**
 * How an image is burned: Dell's update package runs by itself; a `.bin` is burned by flint; an archive of
 * several images is burned by mlxfwmanager, which picks the one for the card.
 */
export type FirmwareImageKind = "dell-dup" | "bin" | "mlxfwmanager-archive";

/** One image for the cards of one PSID. */
export interface FirmwareImage {
  readonly kind: FirmwareImageKind;
  readonly artefact: Artefact;
  readonly psid: Psid;
  readonly version: FirmwareVersion;
  /** Oldest firmware that may run while it is burned; undefined: any. What makes stepping stones needed. */
  readonly requiresVersion: FirmwareVersion | undefined;
}

/** What the cards of a host shall run, and how they shall be configured. */
export interface FirmwareSpec {
  /** For each PSID the newest one is wanted; the others are stepping stones to it. */
  readonly images: readonly FirmwareImage[];
  /**
   * Parameters by mlxconfig's name, for every PF whose firmware knows them. `NUM_OF_VFS` is a ceiling: it
   * is raised and never lowered.
   */
  readonly config: Readonly<Record<string, string>>;
  /** Whether a card may get an older image than it has. */
  readonly allowsDowngrade: boolean;
  /** Whether a card may be reset instead of the host booted, where that is enough; undefined: no. */
  readonly allowsCardReset?: boolean;
}

export const LIMITS_OF_FIRMWARE = {
  imagesMax: 64,
  configMax: 64,
  /** Longest name and value of a parameter. */
  configTextMax: 64,
  /** VFs of a PF at most. */
  vfsMax: 127,
} as const;

/** Name of a parameter, as mlxconfig spells it: `NUM_OF_VFS`, `NUM_VF_MSIX`, `HOST_CHAINING_MODE[0]`. */
export const CONFIG_NAME = /^[A-Z][A-Z0-9_]*(\[\d{1,3}\])?$/;
/** Value of a parameter: a number, or a word of it. */
export const CONFIG_VALUE = /^[A-Za-z0-9_.()-]+$/;

/** Makes the card offer SR-IOV at all. */
export const SRIOV_EN = "SRIOV_EN";
/** VFs of a PF at most; becomes `sriov_totalvfs`. */
export const NUM_OF_VFS = "NUM_OF_VFS";
