import type { PciAddress } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import { hasIommu } from "./bios.ts";
import type { Machine, Vf } from "./machine.ts";
import { findVf } from "./machine.ts";
import { Refusal } from "./refusal.ts";
import { createVfNetdev, removeVfNetdev } from "./sriov.ts";
import { waitForVfioRelease } from "./stuck.ts";
import { removeVdpaOfVfs } from "./vdpa.ts";

/** Drivers that may take a VF, with the module that brings each. */
const VF_DRIVERS: Readonly<Record<string, string>> = {
  mlx5_core: "mlx5_core",
  mlx5_vfio_pci: "mlx5_vfio_pci",
  "vfio-pci": "vfio_pci",
};

export const driverNames = (machine: Machine): readonly string[] =>
  Object.keys(VF_DRIVERS).filter((name) => machine.boot.modules.has(VF_DRIVERS[name] ?? name));

/** vfio takes no function without an IOMMU group; its probe fails with EINVAL. */
const isRefusedByVfio = (machine: Machine, driver: string): boolean =>
  driver.includes("vfio") && !hasIommu(machine);

function setDriver(act: Act, vf: Vf, driver: string | undefined): void {
  const before = vf.driver ?? "none";
  vf.driver = driver;
  if (driver === "mlx5_core") createVfNetdev(act.machine, vf);
  note(act, `driver ${vf.pciAddress}`, { before, after: driver ?? "none" });
}

/**
 * A write to `drivers/NAME/unbind`. Waits without limit while a VM holds the VF or its vDPA device.
 *
 * @throws Refusal ENODEV when the device is not bound there
 */
export async function unbindDriver(act: Act, driver: string, address: string): Promise<void> {
  const vf = findVf(act.machine, address.trim());
  if (vf === undefined || vf.driver !== driver) throw new Refusal("ENODEV");
  await waitForVfioRelease(act.machine, [vf.pciAddress]);
  await removeVdpaOfVfs(act, [vf.pciAddress]);
  removeVfNetdev(act.machine, vf.pciAddress);
  setDriver(act, vf, undefined);
}

/** The driver the bus would choose: the override alone where there is one, else by the id table. */
const wantedDriver = (vf: Vf): string => vf.driverOverride ?? "mlx5_core";

/** A write to `drivers/NAME/bind`. @throws Refusal ENODEV (does not match), EBUSY (bound already) */
export function bindDriver(act: Act, driver: string, address: string): void {
  const vf = findVf(act.machine, address.trim());
  if (vf === undefined || wantedDriver(vf) !== driver) throw new Refusal("ENODEV");
  if (vf.driver !== undefined) throw new Refusal("EBUSY");
  if (isRefusedByVfio(act.machine, driver)) throw new Refusal("EINVAL");
  setDriver(act, vf, driver);
}

/**
 * A write to `drivers_probe`: an unbound device gets the driver that matches; a bound one stays.
 *
 * @throws Refusal ENODEV for a device that is not there
 */
export function probeDrivers(act: Act, address: string): void {
  const vf = findVf(act.machine, address.trim());
  if (vf === undefined) throw new Refusal("ENODEV");
  const driver = wantedDriver(vf);
  const isTaken = isRefusedByVfio(act.machine, driver) || vf.driver !== undefined;
  if (!isTaken && driverNames(act.machine).includes(driver)) {
    setDriver(act, vf, driver);
  }
}

/** A write to `driver_override`; an empty line clears it. Changes future matching only. */
export function setDriverOverride(act: Act, address: PciAddress, text: string): void {
  const vf = findVf(act.machine, address);
  if (vf === undefined) throw new Refusal("ENODEV");
  const before = vf.driverOverride ?? "none";
  vf.driverOverride = text.trim() === "" ? undefined : text.trim();
  note(act, `driver-override ${address}`, { before, after: vf.driverOverride ?? "none" });
}
