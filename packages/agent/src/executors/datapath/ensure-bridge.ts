import { addBridge, deleteBridge } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { findOvsBridge } from "./ovs-state.ts";

/** A bridge of somebody else is refused with BRIDGE_NOT_OURS, unless the profile adopts it. */
export const ensureBridge = ensure<"ensureBridge", { readonly isOurs: boolean | undefined }>({
  read: async (context, { bridge }) => ({ isOurs: (await findOvsBridge(context, bridge))?.isOurs }),
  isSatisfied: ({ isOurs }, { isAdopted }) =>
    isOurs === true || (isOurs === false && isAdopted === true),
  apply: ({ host }, { bridge }) => addBridge(host, bridge),
  undo: async ({ host }, { bridge }, before) => {
    if (before.isOurs === undefined) await deleteBridge(host, bridge);
  },
  failure: "OVS_CHANGE_FAILED",
});
