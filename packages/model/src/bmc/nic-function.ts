import type { PciAddress } from "../values/pci-address.ts";

/** The NIC's own setting that turns SR-IOV on for a function. Source: iDRAC9, NetworkAttributesRegistry */
export const VIRTUALIZATION_MODE = "VirtualizationMode";

/** One function of a NIC as the BMC knows it. */
export interface BmcNicFunction {
  /** `NIC.Slot.3-1-1`: slot, port, partition. */
  readonly id: string;
  /** Path of its attributes' resource. */
  readonly attributesPath: string;
  /** Undefined where the BMC does not tell. */
  readonly pciAddress: PciAddress | undefined;
  /** Permanent MAC, in lower case. */
  readonly mac: string;
  /** In force since the last boot: `NONE`, `SRIOV`, `NPAR` or `NPARSRIOV`. */
  readonly mode: string;
  /** Asked for and not in force yet. */
  readonly pendingMode: string | undefined;
}

/** A function and the virtualization mode it shall have. */
export interface NicModeWish {
  readonly id: string;
  readonly attributesPath: string;
  readonly mode: string;
}

export const allowsNicSriov = (mode: string): boolean => mode === "SRIOV" || mode === "NPARSRIOV";

/** With SR-IOV, and with partitions where there are some: their netdevs may be in use. */
export const modeWithSriov = (mode: string): string =>
  mode === "NPAR" || mode === "NPARSRIOV" ? "NPARSRIOV" : "SRIOV";

/** `NIC.Slot.3-1-1 VirtualizationMode=SRIOV, …`. */
export const formatNicModes = (
  functions: readonly { readonly id: string; readonly mode: string }[],
): string => functions.map(({ id, mode }) => `${id} ${VIRTUALIZATION_MODE}=${mode}`).join(", ");

/** Whether a job of the BMC configures this function. Source: iDRAC9, `ConfigNIC:NIC.Slot.3-1-1` */
export const isJobOfNicFunction = (name: string, id: string): boolean =>
  /^Config[^:]*:\s*(.+)$/.exec(name)?.[1] === id;
