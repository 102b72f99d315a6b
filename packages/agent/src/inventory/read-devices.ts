import type { Inventory } from "@switchyard/model";
import { readDeviceFacts } from "./datapath-facts.ts";
import { type InventoryOptions, readModules, readNics } from "./read-inventory.ts";
import { createSections } from "./sections.ts";

/** What steps find devices by: NICs with their functions, and modules. */
export type Devices = Pick<Inventory, "nics" | "modules">;

/**
 * The part of an inventory that steps need between steps, at a fraction of its cost. Which port carries the
 * management path is not looked at, so that each counts as carrying it. Changes nothing.
 */
export async function readDevices(options: InventoryOptions): Promise<Devices> {
  const { host, clock } = options;
  const sections = createSections();
  const devices = await readDeviceFacts(host, sections);
  const facts = {
    ...devices,
    ovs: undefined,
    vfioDrivers: undefined,
    managementNetdevs: new Set(devices.links.map(({ netdev }) => netdev)),
  };
  const nics = await readNics({ ...options, observedAtMs: clock.nowMs() }, sections, facts);
  return { nics, modules: await readModules(host, sections, nics) };
}
