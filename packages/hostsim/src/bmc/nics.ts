/** Modes that a function takes. Source: iDRAC9, NetworkAttributesRegistry */
export const VIRTUALIZATION_MODES = ["NONE", "SRIOV"] as const;

export type VirtualizationMode = (typeof VIRTUALIZATION_MODES)[number];

/** One function of a NIC as the BMC knows it. */
export interface IdracNic {
  /** `NIC.Slot.3`. */
  readonly adapter: string;
  /** `NIC.Slot.3-1-1`. */
  readonly id: string;
  readonly pciAddress: string;
  /** Looked up when asked for: netdevs get theirs when the machine comes up. */
  readonly mac: () => string;
  /** In force since the last boot. */
  mode: VirtualizationMode;
  pendingMode: VirtualizationMode | undefined;
}

export const isVirtualizationMode = (value: unknown): value is VirtualizationMode =>
  VIRTUALIZATION_MODES.some((mode) => mode === value);
