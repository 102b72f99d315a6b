import { deleteBridge } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { findOvsBridge } from "./ovs-state.ts";

/** Not reversible: flows and settings that others put on the bridge are gone with it. */
export const ensureNoBridge = ensure<"ensureNoBridge", { readonly isThere: boolean }>({
  read: async (context, { bridge }) => ({
    isThere: (await findOvsBridge(context, bridge)) !== undefined,
  }),
  isSatisfied: ({ isThere }) => !isThere,
  apply: ({ host }, { bridge }) => deleteBridge(host, bridge),
  undo: undefined,
  failure: "OVS_CHANGE_FAILED",
});
