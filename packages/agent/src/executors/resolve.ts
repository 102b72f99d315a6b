import {
  findPf,
  findVf,
  type LinkRef,
  type PciAddress,
  type PfInNic,
  type Vf,
  type VfRef,
} from "@switchyard/model";
import type { Devices } from "../inventory/read-devices.ts";
import { deviceAbsent, type StepContext, waitUntil } from "./executor.ts";

/** Firmware, kernel and udev make up to 127 VFs, one after the other. */
const DEVICE_TIMEOUT_MS = 120_000;
const DEVICE_INTERVAL_MS = 500;

/** Looks into the topology as known; if the device is not in it, reads anew until it is or time is up. */
export async function findDevice<Device>(
  context: StepContext,
  find: (devices: Devices) => Device | undefined,
): Promise<Device | undefined> {
  const known = find(await context.topology.current());
  if (known !== undefined) return known;
  return find(await context.topology.renewed());
}

/** As `findDevice`, but waits for a device that is about to appear. @throws HostError DEVICE_ABSENT */
export async function awaitDevice<Device>(
  context: StepContext,
  what: string,
  find: (devices: Devices) => Device | undefined,
): Promise<Device> {
  const known = find(await context.topology.current());
  if (known !== undefined) return known;
  return await awaitFound(context, what, async () => find(await context.topology.renewed()));
}

/** Reads again and again until there is one or time is up. @throws HostError DEVICE_ABSENT */
export async function awaitFound<Device>(
  context: StepContext,
  what: string,
  read: () => Promise<Device | undefined>,
): Promise<Device> {
  const found = await waitUntil(context, {
    timeoutMs: DEVICE_TIMEOUT_MS,
    intervalMs: DEVICE_INTERVAL_MS,
    read,
    isDone: (device) => device !== undefined,
  });
  if (found !== undefined) return found;
  throw deviceAbsent(`${what} did not appear`, { needs: what });
}

export const describeVf = ({ pf, index }: VfRef): string => `VF ${index} of ${pf}`;

export const awaitVf = (context: StepContext, ref: VfRef): Promise<Vf> =>
  awaitDevice(context, describeVf(ref), (devices) => findVf(devices, ref.pf, ref.index));

/** Undefined when there is no such VF; looks at the host only when the address is not known. */
export const findVfAddress = async (
  context: StepContext,
  ref: VfRef,
): Promise<PciAddress | undefined> =>
  context.topology.knownVfAddress(ref) ??
  (await findDevice(context, (devices) => findVf(devices, ref.pf, ref.index)?.pciAddress));

/** As `findVfAddress`, but waits for a VF that is about to appear. @throws HostError DEVICE_ABSENT */
export const awaitVfAddress = async (context: StepContext, ref: VfRef): Promise<PciAddress> =>
  context.topology.knownVfAddress(ref) ?? (await awaitVf(context, ref)).pciAddress;

/** @throws HostError DEVICE_ABSENT */
export async function resolvePf(context: StepContext, address: PciAddress): Promise<PfInNic> {
  const found = await findDevice(context, (devices) => findPf(devices, address));
  if (found !== undefined) return found;
  throw deviceAbsent(`there is no PF ${address}`, { needs: address });
}

const describeLink = (link: LinkRef): string => {
  switch (link.kind) {
    case "pf":
      return `netdev of ${link.pf}`;
    case "representor":
      return `representor of ${describeVf(link.vf)}`;
    case "vf":
      return `netdev of ${describeVf(link.vf)}`;
    case "netdev":
      return `netdev ${link.netdev}`;
  }
};

const netdevIn =
  (link: Exclude<LinkRef, { kind: "netdev" }>) =>
  (devices: Devices): string | undefined => {
    if (link.kind === "pf") return findPf(devices, link.pf)?.pf.link.netdev;
    const vf = findVf(devices, link.vf.pf, link.vf.index);
    return link.kind === "vf" ? vf?.netdev : vf?.representor?.netdev;
  };

/** Name the link has now; undefined when its device is not there. */
export async function findNetdev(context: StepContext, link: LinkRef): Promise<string | undefined> {
  return link.kind === "netdev" ? link.netdev : await findDevice(context, netdevIn(link));
}

/** Name the link has, once it has one. @throws HostError DEVICE_ABSENT */
export async function awaitNetdev(context: StepContext, link: LinkRef): Promise<string> {
  if (link.kind === "netdev") return link.netdev;
  return await awaitDevice(context, describeLink(link), netdevIn(link));
}
