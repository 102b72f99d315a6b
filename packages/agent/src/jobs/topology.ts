import type { Inventory } from "@switchyard/model";
import type { Topology } from "../executors/executor.ts";

/** The inventory as one job knows it: read when needed, kept until a step moves devices. */
export interface JobTopology extends Topology {
  forget(): void;
}

export function createTopology(readInventory: () => Promise<Inventory>): JobTopology {
  let known: Inventory | undefined;
  const renewed = async () => {
    known = await readInventory();
    return known;
  };
  return {
    renewed,
    current: async () => known ?? (await renewed()),
    forget: () => {
      known = undefined;
    },
  };
}
