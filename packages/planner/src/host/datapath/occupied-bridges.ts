import type { Bridge, Finding, Inventory } from "@switchyard/model";
import { errorFinding } from "../../findings/finding.ts";
import { foreignPorts } from "./ports.ts";

/** Bridges of ours that are to go but carry working ports of others, who would be cut off. */
export const occupiedBridgeFindings = (
  host: string,
  observed: Inventory,
  bridges: readonly Bridge[],
): readonly Finding[] =>
  bridges.flatMap((bridge) => {
    const ports = foreignPorts(observed, bridge).map(({ name }) => name);
    if (ports.length === 0) return [];
    return [
      errorFinding("RESOURCE_IN_USE", {
        message: `${host} has ports on ${bridge.name} that Switchyard did not add`,
        found: ports.join(", "),
        needs: "a bridge without ports of others before it is deleted",
        fix: `ovs-vsctl del-port ${bridge.name} ${ports[0]}`,
      }),
    ];
  });
