import type { Nic, Vf, VfDriverChoice, VfioDriver } from "@switchyard/model";

/** @see torvalds/linux drivers/vfio/pci, the drivers' own names: the module's has an underscore */
const VFIO_DRIVERS: readonly VfioDriver[] = ["mlx5_vfio_pci", "vfio-pci"];

/**
 * Driver that the choice means on the NIC; undefined where this kernel has none. Where nobody looked what
 * there is, the plain driver is trusted to be.
 */
export function vfioDriverFor(
  { vfioDrivers = ["vfio-pci"] }: Pick<Nic, "vfioDrivers">,
  choice: VfDriverChoice,
): VfioDriver | undefined {
  return choice === "auto"
    ? VFIO_DRIVERS.find((driver) => vfioDrivers.includes(driver))
    : vfioDrivers.find((driver) => driver === choice);
}

/** `auto` leaves a VF with whichever vfio driver it has. */
export const hasVfioDriver = ({ driver }: Pick<Vf, "driver">, choice: VfDriverChoice): boolean =>
  choice === "auto" ? VFIO_DRIVERS.some((each) => each === driver) : driver === choice;
