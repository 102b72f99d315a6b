import { readPciDriverOverride, restorePciDriver, setVfMac } from "@switchyard/host";
import { findPf, type PciAddress } from "@switchyard/model";
import type { StepContext } from "../executor.ts";
import { awaitVf, resolvePf } from "../resolve.ts";

/** What a VF is told beyond its being there, and forgets when it goes. */
export interface VfSetting {
  readonly index: number;
  readonly adminMac: string | undefined;
  /** Undefined where the bus chose the driver by id. */
  readonly override: string | undefined;
  readonly driver: string | undefined;
}

/** Settings of the VFs that have any. */
export async function readVfSettings(
  context: StepContext,
  address: PciAddress,
): Promise<readonly VfSetting[]> {
  const vfs = findPf(await context.topology.current(), address)?.pf.vfs ?? [];
  const settings: VfSetting[] = [];
  for (const { index, pciAddress, adminMac, driver } of vfs) {
    const override = await readPciDriverOverride(context.host, pciAddress);
    if (override === undefined && adminMac === undefined) continue;
    settings.push({ index, adminMac, override, driver });
  }
  return settings;
}

/** Gives VFs that were made again what they had: the MAC first, because a bound vfio driver hides it. */
export async function restoreVfSettings(
  context: StepContext,
  pf: PciAddress,
  settings: readonly VfSetting[],
): Promise<void> {
  for (const { index, adminMac, override, driver } of settings) {
    const { pciAddress } = await awaitVf(context, { pf, index });
    if (adminMac !== undefined) {
      const { netdev } = (await resolvePf(context, pf)).pf.link;
      await setVfMac(context.host, { netdev, index, mac: adminMac });
    }
    if (driver !== undefined)
      await restorePciDriver(context.host, pciAddress, { driver, override });
  }
}
