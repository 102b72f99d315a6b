/** As the BMC types it: enumerations and text, or integers. */
export type BiosValue = string | number;

/** BIOS settings by attribute name, as the machine's own registry names them: `ProcVirtualization`. */
export type BiosAttributes = Readonly<Record<string, BiosValue>>;

export const LIMITS_OF_BIOS = {
  /** Settings one profile may ask for. */
  attributesMax: 64,
  nameLengthMax: 64,
  valueLengthMax: 128,
} as const;

/** Letters, digits and underscores, a letter first. @see DMTF AttributeRegistry, AttributeName */
export const isBiosAttributeName = (text: string): boolean =>
  text.length <= LIMITS_OF_BIOS.nameLengthMax && /^[A-Za-z][A-Za-z0-9_]*$/.test(text);

/** Printable ASCII, no blank at either end. */
export const isBiosValue = (text: string): boolean =>
  text.length <= LIMITS_OF_BIOS.valueLengthMax && /^[!-~](?:[ -~]*[!-~])?$/.test(text);

const SWITCH = ["Enabled", "Disabled"] as const;

/** Settings of a Dell R740 that Switchyard knows the meaning of, with the values they take. Source: iDRAC9 */
export const KNOWN_BIOS_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  /** VT-x and VT-d together. */
  ProcVirtualization: SWITCH,
  SriovGlobalEnable: SWITCH,
  /** Room for large BARs. */
  MmioAbove4Gb: SWITCH,
  LogicalProc: SWITCH,
  ProcX2Apic: SWITCH,
  ProcCStates: [...SWITCH, "Autonomous"],
  ProcC1E: SWITCH,
  ProcTurboMode: SWITCH,
  SubNumaCluster: SWITCH,
  NodeInterleave: SWITCH,
  SysProfile: [
    "PerfOptimized",
    "PerfPerWattOptimizedDapc",
    "PerfPerWattOptimizedOs",
    "PerfWorkStationOptimized",
    "Custom",
  ],
};

/** Settings that exist on AMD machines only; an Intel machine's BMC refuses them. */
export const AMD_BIOS_ATTRIBUTES: readonly string[] = ["IommuSupport"];

/** `ProcVirtualization=Enabled, SriovGlobalEnable=Enabled`, in alphabetical order. */
export const formatBiosAttributes = (attributes: BiosAttributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(", ");

/** Those of `wanted` that are not so in `actual`; an integer and its decimal text are equal. */
export const differingBiosAttributes = (
  wanted: BiosAttributes,
  actual: BiosAttributes,
): BiosAttributes =>
  Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => String(actual[name]) !== String(value)),
  );
