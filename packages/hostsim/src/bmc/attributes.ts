/** One BIOS setting of the attribute registry. */
export interface BiosAttribute {
  readonly name: string;
  readonly displayName: string;
  readonly type: "Enumeration" | "Integer" | "String";
  readonly values: readonly string[];
  readonly isReadOnly: boolean;
  readonly initial: string | number;
}

const choice = (
  name: string,
  displayName: string,
  values: readonly [string, ...string[]],
): BiosAttribute => ({
  name,
  displayName,
  type: "Enumeration",
  values,
  isReadOnly: false,
  initial: values[0],
});

const ON_OFF = ["Enabled", "Disabled"] as const;

const fixed = (name: string, displayName: string, initial: string): BiosAttribute => ({
  name,
  displayName,
  type: "String",
  values: [],
  isReadOnly: true,
  initial,
});

/**
 * The settings of a PowerEdge R740 that matter here, with the values they are delivered with. There is no
 * `IommuSupport`: that is AMD's.
 */
export const R740_BIOS_ATTRIBUTES: readonly BiosAttribute[] = [
  fixed("SystemModelName", "System Model Name", "PowerEdge R740"),
  fixed("SystemBiosVersion", "System BIOS Version", "2.21.2"),
  choice("ProcVirtualization", "Virtualization Technology", ON_OFF),
  choice("LogicalProc", "Logical Processor", ON_OFF),
  choice("ProcX2Apic", "x2APIC Mode", ON_OFF),
  choice("SriovGlobalEnable", "SR-IOV Global Enable", ON_OFF),
  choice("MmioAbove4Gb", "Memory Mapped I/O above 4GB", ON_OFF),
  choice("MemoryMappedIOH", "Memory Mapped I/O Base", ["56TB", "12TB", "512GB"]),
  choice("SysProfile", "System Profile", [
    "PerfPerWattOptimizedDapc",
    "PerfPerWattOptimizedOs",
    "PerfOptimized",
    "PerfWorkStationOptimized",
    "Custom",
  ]),
  choice("ProcCStates", "C-States", ON_OFF),
  choice("ProcC1E", "C1E", ON_OFF),
  choice("ProcTurboMode", "Turbo Boost", ON_OFF),
  choice("SubNumaCluster", "Sub NUMA Cluster", ["Disabled", "Enabled"]),
  choice("NodeInterleave", "Node Interleaving", ["Disabled", "Enabled"]),
  {
    name: "AcPwrRcvryUserDelay",
    displayName: "User Defined Delay",
    type: "Integer",
    values: [],
    isReadOnly: false,
    initial: 60,
  },
];
