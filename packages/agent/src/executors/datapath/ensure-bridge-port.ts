import { addPort, deletePort } from "@switchyard/host";
import { ensure } from "../executor.ts";
import { awaitNetdev } from "../resolve.ts";
import { type PortState, readPort } from "./bridge-port.ts";

interface State {
  readonly netdev: string;
  readonly port: PortState;
}

export const ensureBridgePort = ensure<"ensureBridgePort", State>({
  read: async (context, { bridge, link }) => {
    const netdev = await awaitNetdev(context, link);
    return { netdev, port: await readPort(context, bridge, netdev) };
  },
  isSatisfied: ({ port }) => port === "plugged",
  apply: async ({ host }, { bridge }, { netdev, port }) => {
    if (port === "broken") await deletePort(host, bridge, netdev);
    await addPort(host, bridge, netdev);
  },
  undo: async (context, { bridge }, before) => {
    if (before.port !== "absent") return;
    if ((await readPort(context, bridge, before.netdev)) === "absent") return;
    await deletePort(context.host, bridge, before.netdev);
  },
  failure: "OVS_PORT_BROKEN",
});
