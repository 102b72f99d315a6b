import { addPort, deletePort } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { findNetdev } from "../resolve.ts";
import { type PortState, readPort } from "./bridge-port.ts";

interface State {
  /** Undefined when the device is gone; its port then bears a name nobody can derive, and is another step's. */
  readonly netdev: string | undefined;
  readonly port: PortState;
}

export const ensureNoBridgePort = ensure<"ensureNoBridgePort", State>({
  read: async (context, { bridge, link }) => {
    const netdev = await findNetdev(context, link);
    const port = netdev === undefined ? "absent" : await readPort(context, bridge, netdev);
    return { netdev, port };
  },
  isSatisfied: ({ port }) => port === "absent",
  apply: async ({ host }, { bridge }, { netdev }) => {
    if (netdev !== undefined) await deletePort(host, bridge, netdev);
  },
  undo: async (context, { bridge, link }, before) => {
    if (before.port !== "plugged") return;
    const netdev = await findNetdev(context, link);
    if (netdev !== undefined) await addPort(context.host, bridge, netdev);
  },
  failure: "OVS_CHANGE_FAILED",
});
