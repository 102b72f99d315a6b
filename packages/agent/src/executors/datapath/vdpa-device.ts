import { addVdpaDevice, deleteVdpaDevice, findVdpaDevice } from "@switchyard/host";
import { findVf, HostError, type Mgmtdev, type VdpaDevice, type VfRef } from "@switchyard/model";
import type { StepContext } from "../executor.ts";
import { awaitFound, describeVf, findDevice } from "../resolve.ts";

/** What a VF carries: enough to make it again. */
export interface SlotState {
  readonly device: Pick<VdpaDevice, "name" | "mgmtdevHandle" | "mac" | "maxVqs"> | undefined;
}

/** Pairs behind `max_vqs`, which counts both directions and the control queue. */
export const pairsOf = (device: { readonly maxVqs: number }): number =>
  Math.max(1, Math.floor((device.maxVqs - 1) / 2));

export async function readSlot(context: StepContext, vf: VfRef, name: string): Promise<SlotState> {
  const mgmtdev = await findMgmtdev(context, vf);
  const device = await findVdpaDevice(context.host, (each) =>
    mgmtdev === undefined ? each.name === name : each.mgmtdevHandle === mgmtdev.handle,
  );
  if (device === undefined) return { device: undefined };
  const { mgmtdevHandle, mac, maxVqs } = device;
  return { device: { name: device.name, mgmtdevHandle, mac, maxVqs } };
}

export const findMgmtdev = (context: StepContext, vf: VfRef): Promise<Mgmtdev | undefined> =>
  findDevice(context, (inventory) => findVf(inventory, vf.pf, vf.index)?.mgmtdev);

/** Char device of the VF's vDPA device, once there is one. @throws HostError DEVICE_ABSENT */
export async function awaitVhostPath(context: StepContext, vf: VfRef): Promise<string> {
  const read = async () => {
    const mgmtdev = await findMgmtdev(context, vf);
    if (mgmtdev === undefined) return undefined;
    const isOnVf = ({ mgmtdevHandle }: { readonly mgmtdevHandle: string }) =>
      mgmtdevHandle === mgmtdev.handle;
    return (await findVdpaDevice(context.observer, isOnVf))?.vhostPath;
  };
  return await awaitFound(context, `vhost-vdpa of ${describeVf(vf)}`, read);
}

/** Makes the VF carry again what it carried. A VF that is gone has nothing to be given back. */
export async function restoreSlot(
  context: StepContext,
  vf: VfRef,
  slots: { readonly now: SlotState; readonly before: SlotState },
): Promise<void> {
  const { now, before } = slots;
  if (isSameDevice(now, before)) return;
  if (now.device !== undefined) await deleteVdpaDevice(context.host, now.device.name);
  if (before.device === undefined) return;
  const mgmtdev = await findMgmtdev(context, vf);
  if (mgmtdev === undefined) {
    throw new HostError("DEVICE_ABSENT", `${describeVf(vf)} has no management device any more`);
  }
  await addVdpaDevice(context.host, {
    name: before.device.name,
    mgmtdev: mgmtdev.handle,
    mac: mgmtdev.canSetMac ? before.device.mac : undefined,
    maxVqp: mgmtdev.canSetMaxVqp ? pairsOf(before.device) : undefined,
  });
}

function isSameDevice({ device: left }: SlotState, { device: right }: SlotState): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.name === right.name && left.mac === right.mac && left.maxVqs === right.maxVqs;
}
