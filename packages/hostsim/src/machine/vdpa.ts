import type { PciAddress } from "@switchyard/model";
import { type Act, note } from "./act.ts";
import type { Machine, VdpaDevice, Vf } from "./machine.ts";
import { allVfs, findVf, logKernel, vdpaOfVf } from "./machine.ts";
import { isVfLinkUp } from "./netdev.ts";
import { holderOf } from "./process.ts";
import { Refusal } from "./refusal.ts";
import type { VdpaAttribute } from "./spec.ts";
import { removeWhenReleased, waitForVdpaLock } from "./stuck.ts";

export const ZERO_MAC = "00:00:00:00:00:00";

/** Attributes of `vdpa dev add` as the tool parsed them. */
export interface VdpaAttributes {
  readonly name: string;
  readonly handle: string;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly maxVqp: number | undefined;
  readonly deviceFeatures: bigint | undefined;
}

/** Virtqueue pairs of a device nobody gave `max_vqp`. */
const DEFAULT_PAIRS = 1;
/** VIRTIO_F_VERSION_1 and VIRTIO_F_ACCESS_PLATFORM, which mlx5_vdpa insists on. */
const FEATURES_NEEDED = 0x3_0000_0000n;
/** What mlx5_vdpa offers: the names printed by `mgmtdev show`, as bits of the virtio specification. */
export const FEATURE_BITS: Readonly<Record<string, number>> = {
  CSUM: 0,
  GUEST_CSUM: 1,
  MTU: 3,
  MAC: 5,
  HOST_TSO4: 11,
  HOST_TSO6: 12,
  STATUS: 16,
  CTRL_VQ: 17,
  CTRL_VLAN: 19,
  MQ: 22,
  CTRL_MAC_ADDR: 23,
  VERSION_1: 32,
  ACCESS_PLATFORM: 33,
};
const OFFERED = Object.values(FEATURE_BITS).reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);

export const handleOf = (vf: Pick<Vf, "pciAddress">): string => `pci/${vf.pciAddress}`;

/** VFs that offer vDPA: bound to mlx5_core while mlx5_vdpa is loaded. */
export const mgmtdevs = (machine: Machine): readonly Vf[] =>
  machine.boot.modules.has("mlx5_vdpa")
    ? allVfs(machine).filter((vf) => vf.driver === "mlx5_core")
    : [];

/** Data queues and the control queue. */
export const maxSupportedVqs = (machine: Machine): number => machine.spec.card.dataQueues + 1;

/** Features a guest driver settled on; none before it ran. */
export function negotiatedFeatures(
  machine: Machine,
  device: VdpaDevice,
): readonly string[] | undefined {
  const qemu = device.minor === undefined ? undefined : holderOf(machine, device.minor)?.qemu;
  if (qemu === undefined || !qemu.guest.isBooted()) return undefined;
  const skipped = device.mac === ZERO_MAC ? ["MAC"] : [];
  const multiqueue = device.pairs > 1 ? [] : ["MQ"];
  return Object.keys(FEATURE_BITS).filter(
    (name) => !skipped.includes(name) && !multiqueue.includes(name),
  );
}

export const isVdpaLinkUp = (machine: Machine, device: VdpaDevice): boolean =>
  isVfLinkUp(machine, device.vf);

/** N of the next `/dev/vhost-vdpa-N`: the lowest free minor, whatever the device is called. */
function freeMinor(machine: Machine): number {
  const taken = new Set([...machine.boot.vdpaDevices.values()].map(({ minor }) => minor));
  let minor = 0;
  while (taken.has(minor)) minor += 1;
  return minor;
}

/** The bus drivers in the order they registered; the first one that is there takes the device. */
function bindBusDriver(machine: Machine, device: VdpaDevice): void {
  const driver = [...machine.boot.modules].find(
    (module) => module === "vhost_vdpa" || module === "virtio_vdpa",
  );
  device.driver = driver;
  device.minor = driver === "vhost_vdpa" ? freeMinor(machine) : undefined;
}

/** A bus driver was loaded: it takes every device that has none. */
export function bindFreeVdpaDevices(machine: Machine): void {
  for (const device of machine.boot.vdpaDevices.values()) {
    if (device.driver === undefined) bindBusDriver(machine, device);
  }
}

/** Bits by which the core counts attributes. Source: torvalds/linux include/uapi/linux/vdpa.h */
const ATTRIBUTE_BITS: Readonly<Record<VdpaAttribute, number>> = {
  mac: 9,
  mtu: 11,
  max_vqp: 12,
  device_features: 17,
};

function checkSupport(machine: Machine, attributes: VdpaAttributes): void {
  const given = {
    mac: attributes.mac,
    mtu: attributes.mtu,
    max_vqp: attributes.maxVqp,
    device_features: attributes.deviceFeatures,
  };
  const names = (Object.keys(given) as VdpaAttribute[]).filter((name) => given[name] !== undefined);
  const refused = names.filter((name) => !machine.spec.vdpaAttributes.includes(name));
  if (refused.length === 0) return;
  const mask = refused.reduce((sum, name) => sum + 2 ** ATTRIBUTE_BITS[name], 0);
  const words = "vdpa: Some provided attributes are not supported";
  throw new Refusal("EOPNOTSUPP", `${words}: 0x${mask.toString(16)}`);
}

function checkAttributes(machine: Machine, attributes: VdpaAttributes): void {
  if (attributes.maxVqp === 0) {
    throw new Refusal("EINVAL", "vdpa: At least one pair of VQs is required");
  }
  if ((attributes.maxVqp ?? 0) * 2 > machine.spec.card.dataQueues) throw new Refusal("EINVAL");
  const features = attributes.deviceFeatures;
  if (features === undefined) return;
  if ((features & ~OFFERED) !== 0n) {
    const words = `0x${features.toString(16)} are not supported by this device with features 0x${OFFERED.toString(16)}`;
    logKernel(machine, `The provisioned features ${words}`);
    throw new Refusal("EINVAL");
  }
  if ((features & FEATURES_NEEDED) !== FEATURES_NEEDED) {
    const needed = `0x${FEATURES_NEEDED.toString(16)}`;
    logKernel(machine, `Must provision minimum features ${needed} for this device`);
    throw new Refusal("EOPNOTSUPP");
  }
}

/**
 * `vdpa dev add`.
 *
 * @throws Refusal ENODEV (no such mgmtdev), EEXIST (name), ENOSPC (VF has one), EINVAL, EOPNOTSUPP
 */
export async function addVdpaDevice(act: Act, attributes: VdpaAttributes): Promise<void> {
  const { machine } = act;
  await waitForVdpaLock(machine);
  const vf = mgmtdevs(machine).find((candidate) => handleOf(candidate) === attributes.handle);
  if (vf === undefined) {
    throw new Refusal("ENODEV", "vdpa: Fail to find the specified management device");
  }
  checkSupport(machine, attributes);
  checkAttributes(machine, attributes);
  if (vdpaOfVf(machine, vf.pciAddress) !== undefined) throw new Refusal("ENOSPC");
  if (machine.boot.vdpaDevices.has(attributes.name)) throw new Refusal("EEXIST");
  const device: VdpaDevice = {
    name: attributes.name,
    vf: vf.pciAddress,
    mac: attributes.mac ?? vf.adminMac,
    mtu: attributes.mtu ?? 1500,
    pairs: attributes.maxVqp ?? DEFAULT_PAIRS,
    driver: undefined,
    minor: undefined,
  };
  bindBusDriver(machine, device);
  machine.boot.vdpaDevices.set(device.name, device);
  note(act, `vdpa ${device.name}`, {
    before: "absent",
    after: `${attributes.handle} ${device.mac} ${device.pairs}`,
  });
}

function forget(act: Act, device: VdpaDevice): void {
  if (!act.machine.boot.vdpaDevices.delete(device.name)) return;
  const before = `pci/${device.vf} ${device.mac} ${device.pairs}`;
  note(act, `vdpa ${device.name}`, { before, after: "absent" });
}

/** `vdpa dev del`; waits without limit while a process holds the device. @throws Refusal ENODEV */
export async function removeVdpaDevice(act: Act, name: string): Promise<void> {
  const { machine } = act;
  await waitForVdpaLock(machine);
  const device = machine.boot.vdpaDevices.get(name);
  if (device === undefined) throw new Refusal("ENODEV", "vdpa: device not found");
  await removeWhenReleased(act, [device], (each) => forget(act, each));
}

/** Removes what stands on VFs that go away; waits as {@link removeVdpaDevice} does. */
export async function removeVdpaOfVfs(act: Act, vfs: readonly PciAddress[]): Promise<void> {
  const { machine } = act;
  const devices = [...machine.boot.vdpaDevices.values()].filter(({ vf }) => vfs.includes(vf));
  if (devices.length === 0) return;
  await waitForVdpaLock(machine);
  await removeWhenReleased(act, devices, (device) => forget(act, device));
}

/** A MAC set through the PF that is not the vDPA device's own: the seed's lost days. */
export function hasConflictingAdminMac(machine: Machine, device: VdpaDevice): boolean {
  const adminMac = findVf(machine, device.vf)?.adminMac ?? ZERO_MAC;
  return adminMac !== ZERO_MAC && adminMac !== device.mac;
}
