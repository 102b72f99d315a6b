import type { PciAddress } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import { hasNicSriov } from "./bios.ts";
import type { Machine } from "./machine.ts";

/** How a parameter's number is printed and read. */
type ParameterKind =
  | { readonly kind: "boolean" }
  | { readonly kind: "number"; readonly max: number }
  | { readonly kind: "words"; readonly words: readonly string[] };

export interface ParameterSpec {
  readonly name: string;
  readonly value: ParameterKind;
  readonly default: number;
  readonly isReadOnly?: boolean;
}

/** One parameter of one PF. */
export interface Parameter {
  readonly spec: ParameterSpec;
  current: number;
  nextBoot: number;
}

/** Parameters of one PF, by name, in the order in which the card lists them. */
export type FirmwareConfig = ReadonlyMap<string, Parameter>;

/** VFs of one PF at most, whatever NUM_OF_VFS says. */
const VFS_MAX = 127;

const flag = (name: string, isOn: boolean): ParameterSpec => ({
  name,
  value: { kind: "boolean" },
  default: isOn ? 1 : 0,
});
const count = (name: string, value: number, max: number): ParameterSpec => ({
  name,
  value: { kind: "number", max },
  default: value,
});
const choice = (name: string, ...words: readonly string[]): ParameterSpec => ({
  name,
  value: { kind: "words", words },
  default: 0,
});

/**
 * What a ConnectX-6 Dx knows. It is an Ethernet card: LINK_TYPE_P1 and _P2 are not among them.
 *
 * @see Mellanox/mstflint mlxconfig/, and NVIDIA's "MFT", mlxconfig, for the names
 */
const PARAMETERS: readonly ParameterSpec[] = [
  flag("SRIOV_EN", false),
  count("NUM_OF_VFS", 0, VFS_MAX),
  count("PF_LOG_BAR_SIZE", 5, 63),
  count("VF_LOG_BAR_SIZE", 1, 63),
  count("NUM_PF_MSIX", 63, 2047),
  flag("NUM_PF_MSIX_VALID", true),
  count("NUM_VF_MSIX", 11, 4095),
  flag("STRICT_VF_MSIX_NUM", false),
  flag("UCTX_EN", true),
  flag("PER_PF_NUM_SF", false),
  count("PF_TOTAL_SF", 0, 65_535),
  flag("PF_BAR2_ENABLE", false),
  choice("LAG_RESOURCE_ALLOCATION", "DEVICE_DEFAULT", "ALLOCATE"),
  choice("VF_MIGRATION_MODE", "DEVICE_DEFAULT", "MIGRATION_DISABLED", "MIGRATION_ENABLED"),
  flag("ESWITCH_IPV4_TTL_MODIFY_ENABLE", false),
  flag("PRIO_TAG_REQUIRED_EN", false),
  choice("CQE_COMPRESSION", "BALANCED", "AGGRESSIVE"),
  flag("ATS_ENABLED", false),
  flag("ADVANCED_PCI_SETTINGS", false),
  flag("EXP_ROM_PXE_ENABLE", true),
  { ...flag("UEFI_HII_EN", true), isReadOnly: true },
];

/** A PF's configuration as it left the shop, with what was set since. */
export function createFirmwareConfig(set: Readonly<Record<string, number>>): FirmwareConfig {
  return new Map(
    PARAMETERS.map((spec) => {
      const value = set[spec.name] ?? spec.default;
      return [spec.name, { spec, current: value, nextBoot: value }];
    }),
  );
}

/** `True(1)`, `BALANCED(0)`, `16`. */
export function printParameter({ value }: ParameterSpec, number: number): string {
  switch (value.kind) {
    case "boolean":
      return number === 0 ? "False(0)" : "True(1)";
    case "number":
      return String(number);
    case "words":
      return `${value.words[number] ?? "UNKNOWN"}(${number})`;
  }
}

/** The number that a word or number on the command line stands for; undefined when it is out of range. */
export function readParameter({ value }: ParameterSpec, text: string): number | undefined {
  const words = value.kind === "boolean" ? ["False", "True"] : [];
  const known = value.kind === "words" ? value.words : words;
  const at = known.findIndex((word) => word.toLowerCase() === text.toLowerCase());
  if (at !== -1) return at;
  const max = value.kind === "number" ? value.max : known.length - 1;
  return /^\d+$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

export const configOf = (machine: Machine, pf: string): FirmwareConfig | undefined =>
  machine.firmware.config.get(pf as PciAddress);

/** Sets a parameter for the next boot. */
export function setNextBoot(act: Act, pf: string, change: { parameter: Parameter; to: number }) {
  const { parameter, to } = change;
  const { spec, nextBoot } = parameter;
  parameter.nextBoot = to;
  note(act, `firmware-config ${pf} ${spec.name}`, {
    before: printParameter(spec, nextBoot),
    after: printParameter(spec, to),
  });
}

const currentOf = (machine: Machine, pf: string, name: string): number =>
  configOf(machine, pf)?.get(name)?.current ?? 0;

/** `sriov_totalvfs` of a PF: none while its firmware or its setup keeps SR-IOV off. */
export const totalVfsOf = (machine: Machine, pf: string): number =>
  currentOf(machine, pf, "SRIOV_EN") === 0 || !hasNicSriov(machine, pf)
    ? 0
    : currentOf(machine, pf, "NUM_OF_VFS");

/** A reset of the card brings what was set into force. */
export function activateConfig(machine: Machine): void {
  for (const config of machine.firmware.config.values()) {
    for (const parameter of config.values()) parameter.current = parameter.nextBoot;
  }
}
