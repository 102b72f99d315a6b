import { addNicFlow, deleteNicFlows, listOpenFlows, type OpenFlow } from "@switchyard/host";
import { flowCookieOf, HostError, type MacAddress, type PortFlow } from "@switchyard/model";
import { findOvsBridge } from "../datapath/ovs-state.ts";
import type { StepContext } from "../executor.ts";

/** The NIC's flows in a bridge; none where the bridge is gone. */
export async function readNicFlows(
  context: StepContext,
  bridge: string,
  mac: MacAddress,
): Promise<readonly OpenFlow[]> {
  if ((await findOvsBridge(context, bridge)) === undefined) return [];
  const cookie = flowCookieOf(mac);
  return (await listOpenFlows(context.host, bridge)).filter((flow) => flow.cookie === cookie);
}

/** OpenFlow number of a port in its bridge. @throws HostError DEVICE_ABSENT */
export async function requireOfport(
  context: StepContext,
  bridge: string,
  netdev: string,
): Promise<number> {
  const port = (await findOvsBridge(context, bridge))?.ports.find(({ name }) => name === netdev);
  if (port?.ofport !== undefined && port.ofport > 0) return port.ofport;
  throw new HostError("DEVICE_ABSENT", `bridge ${bridge} has no port ${netdev} that works`, {
    found: port === undefined ? "no such port" : `ofport ${port.ofport ?? "none"}`,
    needs: `port ${netdev} in ${bridge}`,
  });
}

/** The flow as it was printed, to be added again. */
const asPortFlow = ({ priority, match, actions }: OpenFlow): PortFlow => ({
  priority,
  match: match.join(","),
  actions: actions === "drop" ? "drop" : "NORMAL",
});

/** Brings a NIC's flows back to what they were. */
export async function restoreNicFlows(
  context: StepContext,
  nic: { readonly bridge: string; readonly mac: MacAddress },
  before: readonly OpenFlow[],
): Promise<void> {
  const { bridge, mac } = nic;
  const now = await readNicFlows(context, bridge, mac);
  const keyOf = (flow: OpenFlow) => JSON.stringify(asPortFlow(flow));
  const kept = new Set(before.map(keyOf));
  const present = new Set(now.map(keyOf));
  if (now.some((flow) => !kept.has(keyOf(flow)))) {
    await deleteNicFlows(context.host, bridge, mac);
    present.clear();
  }
  for (const flow of before) {
    if (present.has(keyOf(flow))) continue;
    await addNicFlow(context.host, bridge, { mac, flow: asPortFlow(flow) });
  }
}
