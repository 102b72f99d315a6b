import { readPciDriverOverride, restorePciDriver, setLinkState, setVfMac } from "@switchyard/host";
import { findPf, type PciAddress } from "@switchyard/model";
import type { StepContext } from "../executor.ts";
import { awaitNetdev, awaitVfAddress, resolvePf } from "../resolve.ts";

/** What a VF is told beyond its being there, and forgets when it goes. */
export interface VfSetting {
  readonly index: number;
  readonly adminMac: string | undefined;
  /** Undefined where the bus chose the driver by id. */
  readonly override: string | undefined;
  readonly driver: string | undefined;
  /** A new representor is down, and its VF without traffic; absent in journals of older agents. */
  readonly isRepresentorUp?: boolean;
}

/** Settings of the VFs that have any. */
export async function readVfSettings(
  context: StepContext,
  address: PciAddress,
): Promise<readonly VfSetting[]> {
  const vfs = findPf(await context.topology.current(), address)?.pf.vfs ?? [];
  const settings: VfSetting[] = [];
  for (const { index, pciAddress, adminMac, driver, representor } of vfs) {
    const override = await readPciDriverOverride(context.host, pciAddress);
    const isRepresentorUp = representor?.isUp ?? false;
    if (override === undefined && adminMac === undefined && !isRepresentorUp) continue;
    settings.push({ index, adminMac, override, driver, isRepresentorUp });
  }
  return settings;
}

/** Gives VFs that were made again what they had: the MAC first, because a bound vfio driver hides it. */
export async function restoreVfSettings(
  context: StepContext,
  pf: PciAddress,
  settings: readonly VfSetting[],
): Promise<void> {
  for (const { index, adminMac, override, driver, isRepresentorUp = false } of settings) {
    const pciAddress = await awaitVfAddress(context, { pf, index });
    if (adminMac !== undefined) {
      const { netdev } = (await resolvePf(context, pf)).pf.link;
      await setVfMac(context.host, { netdev, index, mac: adminMac });
    }
    if (driver !== undefined)
      await restorePciDriver(context.host, pciAddress, { driver, override });
    if (isRepresentorUp) {
      const link = { kind: "representor", vf: { pf, index } } as const;
      await setLinkState(context.host, await awaitNetdev(context, link), true);
    }
  }
}
