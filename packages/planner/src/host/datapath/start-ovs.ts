import type { Inventory } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureOvsRunning } from "../../steps/ovs-steps.ts";
import { ownBridges } from "./ports.ts";

/**
 * Plans on the host with Open vSwitch running where a bridge of ours is to be worked on, and starts it first
 * where anything is: a boot earlier in the plan leaves it stopped, and a stopped one takes no change.
 */
export function withOvsRunning(
  observed: Inventory,
  plan: (running: Inventory) => readonly Draft[],
): readonly Draft[] {
  const { ovs } = observed;
  if (ovs === undefined || ovs.isRunning || ownBridges(observed).length === 0)
    return plan(observed);
  const drafts = plan({ ...observed, ovs: { ...ovs, isRunning: true } });
  return drafts.length === 0 ? [] : [ensureOvsRunning(), ...drafts];
}
