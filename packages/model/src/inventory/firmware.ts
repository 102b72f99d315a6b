import type { FirmwareVersion } from "../values/firmware-version.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { Psid } from "../values/psid.ts";

/** Whose tools are installed: NVIDIA's MFT (`flint`, `mlxconfig`), or the free mstflint (`mstconfig`). */
export type FirmwareTools = "mft" | "mstflint";

/** A value as mlxconfig prints it: `True(1)`, `ETH(2)`, `16`. */
export type ConfigValue = string & { readonly __configValue: true };

/** One parameter of a card's non-volatile configuration. */
export interface FirmwareParameter {
  readonly name: string;
  /** Undefined where the tool does not print it. */
  readonly default: ConfigValue | undefined;
  /** In force since the last reset; undefined where the tool does not print it. */
  readonly current: ConfigValue | undefined;
  readonly nextBoot: ConfigValue;
  readonly isReadOnly: boolean;
}

/** The configuration of one PF: all parameters that its firmware knows. */
export interface PfFirmwareConfig {
  readonly pf: PciAddress;
  readonly parameters: readonly FirmwareParameter[];
}

/** What a card says about its flash beyond the versions that every driver tells. */
export interface NicFirmwareFacts {
  /** Undefined where neither is installed. */
  readonly tools: FirmwareTools | undefined;
  /** Only images signed for this very PSID can be burned. Undefined where it could not be asked. */
  readonly isSecure: boolean | undefined;
  /** PSID the board was made with, where another one was burned over it. */
  readonly originalPsid: Psid | undefined;
  /** Stored firmware did not come into force with the warm boot after it was burned. */
  readonly needsColdCycle: boolean;
  /** Ways to reset it that it offers now, as mlxfwreset numbers them; undefined where it could not be asked. */
  readonly resetLevels?: readonly number[];
  /** By PF, as far as it could be read. */
  readonly config: readonly PfFirmwareConfig[];
}

/** Driver and PCI link start anew while the host runs on. @see Mellanox/mstflint small_utils/mstfwreset.py */
export const PCI_RESET_LEVEL = 3;

/** The card's two versions: what runs, and what is in flash and runs after the next activation. */
export interface FirmwareVersions {
  readonly running: FirmwareVersion;
  readonly stored: FirmwareVersion;
}
