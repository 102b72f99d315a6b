import {
  addNicFlow,
  compareFlows,
  deleteNicFlows,
  hasExactly,
  type OpenFlow,
} from "@switchyard/host";
import { antiSpoofFlows } from "@switchyard/model";
import { ensure } from "../executor.ts";
import { awaitNetdev } from "../resolve.ts";
import { readNicFlows, requireOfport, restoreNicFlows } from "./anti-spoof.ts";

interface State {
  readonly netdev: string;
  readonly ofport: number;
  /** The NIC's, whatever they are. */
  readonly flows: readonly OpenFlow[];
}

export const ensureAntiSpoof = ensure<"ensureAntiSpoof", State>({
  read: async (context, { bridge, link, mac }) => {
    const netdev = await awaitNetdev(context, link);
    const ofport = await requireOfport(context, bridge, netdev);
    return { netdev, ofport, flows: await readNicFlows(context, bridge, mac) };
  },
  isSatisfied: ({ ofport, flows }, { mac, address }) =>
    hasExactly(flows, mac, antiSpoofFlows({ port: ofport, mac, address })),
  apply: async (context, { bridge, mac, address }, { netdev, ofport }) => {
    // Read anew: a try before this one may have added some, which then stay.
    const flows = await readNicFlows(context, bridge, mac);
    const wanted = antiSpoofFlows({ port: ofport, mac, address });
    const { missing, hasOthers } = compareFlows(flows, mac, wanted);
    // Those of a port that had another number would let nobody on, or somebody else.
    if (hasOthers) await deleteNicFlows(context.host, bridge, mac);
    for (const [at, flow] of antiSpoofFlows({ port: netdev, mac, address }).entries()) {
      if (hasOthers || missing.includes(at)) await addNicFlow(context.host, bridge, { mac, flow });
    }
  },
  undo: async (context, { bridge, mac }, before) =>
    restoreNicFlows(context, { bridge, mac }, before.flows),
  failure: "OVS_CHANGE_FAILED",
});
