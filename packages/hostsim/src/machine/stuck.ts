import type { PciAddress } from "@switchyard/model";
import type { Act } from "./act.ts";
import type { Machine, VdpaDevice } from "./machine.ts";
import { logKernel } from "./machine.ts";
import { holderOf, virtualMachines } from "./process.ts";
import { MachineGone } from "./refusal.ts";

/** Resolves once `isFree` holds; looks again whenever a process ends. Never resolves over a reboot. */
async function waitUntil(machine: Machine, isFree: () => boolean): Promise<void> {
  const { boot } = machine;
  while (!isFree()) {
    await new Promise<void>((resolve) => {
      const wake = () => {
        boot.waiters.delete(wake);
        resolve();
      };
      boot.waiters.add(wake);
    });
    if (machine.boot !== boot) throw new MachineGone();
  }
}

/**
 * Waits, inside the kernel and without a time limit, until nobody holds the character devices, then
 * removes them with the lock still held.
 *
 * @see torvalds/linux drivers/vhost/vdpa.c, vhost_vdpa_remove: an uninterruptible wait for the last close
 */
export async function removeWhenReleased(
  act: Act,
  devices: readonly VdpaDevice[],
  remove: (device: VdpaDevice) => void,
): Promise<void> {
  const { machine } = act;
  const isHeld = (device: VdpaDevice) =>
    device.minor !== undefined && holderOf(machine, device.minor) !== undefined;
  if (!devices.some(isHeld)) {
    devices.forEach(remove);
    return;
  }
  const { stuck, waiters } = machine.boot;
  for (const { name } of devices) stuck.add(name);
  logKernel(machine, `vhost-vdpa ${devices[0]?.name}: waiting for the device to be released`);
  await waitUntil(machine, () => !devices.some(isHeld));
  devices.forEach(remove);
  for (const { name } of devices) stuck.delete(name);
  for (const wake of [...waiters]) wake();
}

/**
 * Waits, inside the kernel and without a time limit, until no VM holds the functions by vfio.
 *
 * @see torvalds/linux drivers/vfio/vfio_main.c, vfio_unregister_group_dev
 */
export async function waitForVfioRelease(
  machine: Machine,
  addresses: readonly PciAddress[],
): Promise<void> {
  const held = () =>
    virtualMachines(machine).flatMap(({ vfioDevices }) =>
      vfioDevices.filter((each) => addresses.includes(each)),
    );
  const [first] = held();
  if (first === undefined) return;
  logKernel(machine, `vfio-pci ${first}: Relaying device request to user (#0)`);
  await waitUntil(machine, () => held().length === 0);
}

/** Removals hold the vdpa core's lock, so every later vdpa request waits behind them. */
export async function waitForVdpaLock(machine: Machine): Promise<void> {
  await waitUntil(machine, () => machine.boot.stuck.size === 0);
}
