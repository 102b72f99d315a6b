import { deleteVdpaDevice } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { readSlot, restoreSlot, type SlotState } from "./vdpa-device.ts";

export const ensureNoVdpaDevice = ensure<"ensureNoVdpaDevice", SlotState>({
  read: (context, { vf, name }) => readSlot(context, vf, name),
  isSatisfied: ({ device }, { name }) => device?.name !== name,
  apply: ({ host }, { name }) => deleteVdpaDevice(host, name),
  undo: async (context, { vf, name }, before) => {
    const now = await readSlot(context, vf, name);
    await restoreSlot(context, vf, { now, before });
  },
  failure: "DEVICE_BUSY",
});
