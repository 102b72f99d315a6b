import { type DatapathFlow, readDatapathFlows } from "@switchyard/host";
import type { FlowPlace } from "@switchyard/model";
import type { OffloadWatch } from "../../offload/offload-watch.ts";
import { createGrowth } from "../growth.ts";
import type { Pass, Source } from "../source.ts";
import { bridgeOfInterfaces } from "./ovs.ts";

/** Value of the label `offloaded`, by where a flow runs. */
const OFFLOADED: Readonly<Record<FlowPlace, string>> = {
  card: "yes",
  "partly-card": "partial",
  "tc-software": "no",
  kernel: "no",
};

/** All flows are read at once, or none. */
const DATAPATH = "datapath";

/** Names a flow as long as it lives in one place. */
const keyOf = (flow: DatapathFlow): string =>
  `${flow.ufid ?? `${flow.inPort} ${flow.actions}`} ${flow.place}`;

/**
 * Flows of the datapath by whether the card carries them, and what they have carried since the agent started. Each
 * look is handed on to the watch that proves offload by it.
 */
export function flowSource(watch: OffloadWatch): Source {
  const packets = createGrowth<string>();
  const bytes = createGrowth<string>();
  return {
    name: "datapath flows",
    rate: "5s",
    read: async (pass) => {
      const { inventory } = pass;
      if (inventory.ovs?.isRunning !== true) {
        watch.forget();
        return;
      }
      const bridges = bridgeOfInterfaces(inventory);
      const flows = await readDatapathFlows(pass.host);
      watch.look({ inventory, flows, atMs: pass.clock.nowMs() });
      const things = flows.flatMap((flow) => {
        const bridge = bridges.get(flow.inPort);
        if (bridge === undefined) return [];
        return [{ flow, key: keyOf(flow), sum: `${bridge}/${OFFLOADED[flow.place]}` }];
      });
      const taken = (value: (flow: DatapathFlow) => number) => [
        {
          place: DATAPATH,
          things: things.map(({ flow, key, sum }) => ({ key, sum, value: value(flow) })),
        },
      ];
      packets.take(taken((flow) => flow.packets));
      bytes.take(taken((flow) => flow.bytes));
      addCounts(pass, things);
      for (const [object, value] of packets.sums()) pass.add("ovs.flow_packets", object, value);
      for (const [object, value] of bytes.sums()) pass.add("ovs.flow_bytes", object, value);
      addOffload(pass, watch);
    },
  };
}

/** None is a count as well: a bridge without flows has no flow in the card and none in software. */
function addCounts(pass: Pass, things: readonly { readonly sum: string }[]): void {
  const counts = new Map<string, number>();
  for (const { name } of pass.inventory.ovs?.bridges ?? []) {
    counts.set(`${name}/yes`, 0).set(`${name}/no`, 0);
  }
  for (const { sum } of things) counts.set(sum, (counts.get(sum) ?? 0) + 1);
  for (const [object, count] of counts) pass.add("ovs.flows", object, count);
}

function addOffload(pass: Pass, watch: OffloadWatch): void {
  const isSet = pass.inventory.ovs?.hwOffload === true;
  pass.add("offload.set", "", isSet ? 1 : 0);
  if (isSet) pass.add("offload.proven", "", watch.proof() === undefined ? 0 : 1);
  pass.add("offload.hardware_share", "", watch.share());
}
