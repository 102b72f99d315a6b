import { addVdpaDevice, deleteVdpaDevice } from "@switchyard/host";
import { findVf, HostError, type StepArguments, type Vf } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { awaitDevice, describeVf } from "../resolve.ts";
import { pairsOf, readSlot, restoreSlot, type SlotState } from "./vdpa-device.ts";

type Arguments = StepArguments["ensureVdpaDevice"];

function isAsWanted({ device }: SlotState, wanted: Arguments): boolean {
  if (device?.name !== wanted.name) return false;
  const hasPairs = wanted.maxVqp === undefined || pairsOf(device) === wanted.maxVqp;
  return hasPairs && device.mac === wanted.mac;
}

type UsableVf = Vf & { readonly mgmtdev: NonNullable<Vf["mgmtdev"]> };

/** The management device comes with the VF's driver and the vdpa module, both a moment ago. */
const awaitUsableVf = (context: StepContext, { vf }: Arguments): Promise<UsableVf> =>
  awaitDevice(context, `management device of ${describeVf(vf)}`, (inventory) => {
    const found = findVf(inventory, vf.pf, vf.index);
    return found?.mgmtdev === undefined ? undefined : { ...found, mgmtdev: found.mgmtdev };
  });

function refuseOtherMac(found: string | undefined, { vf, mac }: Arguments): void {
  if (found === undefined || found === mac) return;
  throw new HostError("VDPA_MAC_FIXED", `${describeVf(vf)} has a MAC of its own`, {
    found,
    needs: mac,
  });
}

export const ensureVdpaDevice = ensure<"ensureVdpaDevice", SlotState>({
  read: (context, { vf, name }) => readSlot(context, vf, name),
  isSatisfied: isAsWanted,
  apply: async (context, args, { device }) => {
    const vf = await awaitUsableVf(context, args);
    if (!args.canSetMac) refuseOtherMac(vf.fixedMac ?? device?.mac, args);
    if (device !== undefined) await deleteVdpaDevice(context.host, device.name);
    await addVdpaDevice(context.host, {
      name: args.name,
      mgmtdev: vf.mgmtdev.handle,
      mac: args.canSetMac ? args.mac : undefined,
      maxVqp: args.maxVqp,
    });
  },
  undo: async (context, { vf, name }, before) => {
    const now = await readSlot(context, vf, name);
    await restoreSlot(context, vf, { now, before });
  },
  failure: "VDPA_ADD_FAILED",
});
