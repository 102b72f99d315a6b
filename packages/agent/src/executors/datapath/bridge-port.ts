import type { BridgePort } from "@switchyard/model";
import type { StepContext } from "../executor.ts";
import { findOvsBridge } from "./ovs-state.ts";

/** How a netdev stands in a bridge; `absent` also when there is no such bridge. */
export type PortState = "absent" | "broken" | "plugged";

export async function readPort(
  context: StepContext,
  bridge: string,
  netdev: string,
): Promise<PortState> {
  const found = await findOvsBridge(context, bridge);
  const port = found?.ports.find(({ name }) => name === netdev);
  return port === undefined ? "absent" : stateOf(port);
}

/** vswitchd records a port whose device it can't open; only these columns tell. */
const stateOf = ({ ofport, error }: BridgePort): PortState =>
  ofport === -1 || (error !== undefined && error !== "") ? "broken" : "plugged";
