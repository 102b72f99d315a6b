import { deleteNicFlows, type OpenFlow } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { readNicFlows, restoreNicFlows } from "./anti-spoof.ts";

/** Flows are found by their cookie, whatever number the port has now. */
export const ensureNoAntiSpoof = ensure<
  "ensureNoAntiSpoof",
  { readonly flows: readonly OpenFlow[] }
>({
  read: async (context, { bridge, mac }) => ({ flows: await readNicFlows(context, bridge, mac) }),
  isSatisfied: ({ flows }) => flows.length === 0,
  apply: ({ host }, { bridge, mac }) => deleteNicFlows(host, bridge, mac),
  undo: (context, { bridge, mac }, before) =>
    restoreNicFlows(context, { bridge, mac }, before.flows),
  failure: "OVS_CHANGE_FAILED",
});
