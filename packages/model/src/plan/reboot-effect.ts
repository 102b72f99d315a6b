import type { BiosAttributes } from "../bmc/bios.ts";
import type { NicModeWish } from "../bmc/nic-function.ts";
import type { FirmwareTools } from "../inventory/firmware.ts";
import type { FirmwareVersion } from "../values/firmware-version.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { Psid } from "../values/psid.ts";

/**
 * What comes into force with a boot only, from its kind to what is looked for afterwards. Union and the
 * agent's table of readers both derive from this map, so an effect that nobody looks for does not compile.
 */
export interface RebootEffects {
  /** The version runs on every PF of the card, with the same PSID as before. */
  readonly firmware: {
    readonly pfs: readonly PciAddress[];
    readonly psid: Psid;
    readonly version: FirmwareVersion;
  };
  /** Values of a PF's configuration that are in force and not only due. */
  readonly "firmware-config": {
    readonly pf: PciAddress;
    readonly tools: FirmwareTools;
    readonly values: Readonly<Record<string, string>>;
  };
  /** Tokens of the kernel's command line, each exactly as `/proc/cmdline` shows it. */
  readonly "kernel-arguments": {
    readonly present: readonly string[];
    readonly absent: readonly string[];
  };
  /** The driver that runs; the version is undefined for the kernel's own. */
  readonly driver: { readonly module: string; readonly version: string | undefined };
  /** Settings as the BMC shows them after the boot. */
  readonly bios: { readonly systemPath: string; readonly attributes: BiosAttributes };
  /** Virtualization modes of NIC functions as the BMC shows them after the boot. */
  readonly "nic-virtualization": { readonly functions: readonly NicModeWish[] };
  /** The kernel that runs, as `uname -r` says. */
  readonly "kernel-release": { readonly release: string };
}

export type RebootEffectKind = keyof RebootEffects;

export type RebootEffectOf<Kind extends RebootEffectKind> = {
  readonly kind: Kind;
  /** A warm boot does not bring it: the machine's power must go off and on. */
  readonly needsColdCycle: boolean;
} & RebootEffects[Kind];

export type RebootEffect = {
  readonly [Kind in RebootEffectKind]: RebootEffectOf<Kind>;
}[RebootEffectKind];

/** Boots that one job may cause or outlive; past it something loops. */
export const BOOTS_OF_JOB_MAX = 3;
