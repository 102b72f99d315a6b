import { addBridge, deleteBridge } from "@switchyard/host";
import { ensure } from "./executor.ts";
import { findOvsBridge } from "./ovs-state.ts";

/** A bridge of somebody else is refused with BRIDGE_NOT_OURS, not adopted. */
export const ensureBridge = ensure<"ensureBridge", { readonly isOurs: boolean | undefined }>({
  read: async (context, { bridge }) => ({ isOurs: (await findOvsBridge(context, bridge))?.isOurs }),
  isSatisfied: ({ isOurs }) => isOurs === true,
  apply: ({ host }, { bridge }) => addBridge(host, bridge),
  undo: async ({ host }, { bridge }, before) => {
    if (before.isOurs === undefined) await deleteBridge(host, bridge);
  },
  failure: "OVS_CHANGE_FAILED",
});
