import {
  addBridge,
  addPort,
  clearRestartPending,
  deleteBridge,
  deletePort,
  listLinks,
  readFdb,
  readOvs,
  setHwOffload,
  setLinkState,
  startOvs,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const BRIDGE = "contract-br0";
const OTHER = "contract-br1";
const FOREIGN = "contract-br2";
const ABSENT = "absent0";

const bridges = async ({ host, parts }: Ground) =>
  (await readOvs(host))?.bridges
    .filter(({ name }) => name.startsWith("contract-"))
    .map(({ name, ports, isOurs, isUp }) => ({
      name,
      isOurs,
      isUp,
      ports: ports.map((port) => ({
        name: port.name === parts.netdevs[0] ? "<netdev>" : port.name,
        isBroken: port.error !== undefined,
      })),
    }));
const bridge = (
  name: string,
  ...ports: readonly { readonly name: string; readonly isBroken: boolean }[]
) => ({ name, isOurs: true, isUp: false, ports });

const offload = async ({ host }: Ground) => {
  const ovs = await readOvs(host);
  return [ovs?.isRunning, ovs?.hwOffload, ovs?.isRestartPending];
};

const vsctl =
  (...words: readonly string[]) =>
  async ({ host }: Ground) =>
    (await host.run({ argv: ["ovs-vsctl", "--timeout=15", ...words] })).exitCode;

/** Open vSwitch: bridges, ports, settings. */
export const ovsGroup: ContractGroup = {
  name: "ovs",
  calls: [
    {
      name: "it is started; running is success",
      call: ({ host }) => startOvs(host),
      expected: isDone,
    },
    { name: "it runs, without hw-offload", call: offload, expected: returns([true, false, false]) },
    { name: "no bridge at first", call: bridges, expected: returns([]) },
    { name: "a bridge", call: ({ host }) => addBridge(host, BRIDGE), expected: isDone },
    {
      name: "the same bridge again is success",
      call: ({ host }) => addBridge(host, BRIDGE),
      expected: isDone,
    },
    { name: "it starts down, with no port", call: bridges, expected: returns([bridge(BRIDGE)]) },
    {
      name: "a port",
      call: ({ host, parts }) => addPort(host, BRIDGE, parts.netdevs[0]),
      expected: isDone,
    },
    {
      name: "the same port again is success",
      call: ({ host, parts }) => addPort(host, BRIDGE, parts.netdevs[0]),
      expected: isDone,
    },
    {
      name: "the netdev belongs to the datapath",
      call: async ({ host, parts }) =>
        (await listLinks(host)).find(({ netdev }) => netdev === parts.netdevs[0])?.master,
      expected: returns("ovs-system"),
    },
    {
      name: "a port without a device is recorded and told",
      call: ({ host }) => addPort(host, BRIDGE, ABSENT),
      expected: throws("OVS_PORT_BROKEN"),
    },
    {
      name: "both are in the bridge",
      call: bridges,
      expected: returns([
        bridge(BRIDGE, { name: ABSENT, isBroken: true }, { name: "<netdev>", isBroken: false }),
      ]),
    },
    {
      name: "the broken one is taken out",
      call: ({ host }) => deletePort(host, BRIDGE, ABSENT),
      expected: isDone,
    },
    { name: "a second bridge", call: ({ host }) => addBridge(host, OTHER), expected: isDone },
    {
      name: "a port that another bridge has",
      call: ({ host, parts }) => addPort(host, OTHER, parts.netdevs[0]),
      expected: throws("OVS_CHANGE_FAILED"),
    },
    {
      name: "taking out a port of another bridge",
      call: ({ host, parts }) => deletePort(host, OTHER, parts.netdevs[0]),
      expected: throws("OVS_CHANGE_FAILED"),
    },
    {
      name: "the port is taken out",
      call: ({ host, parts }) => deletePort(host, BRIDGE, parts.netdevs[0]),
      expected: isDone,
    },
    {
      name: "taking out what is gone is success",
      call: ({ host, parts }) => deletePort(host, BRIDGE, parts.netdevs[0]),
      expected: isDone,
    },
    {
      name: "a bridge that learnt nothing",
      call: ({ host }) => readFdb(host, BRIDGE),
      expected: returns([]),
    },
    {
      name: "what an absent bridge learnt",
      call: ({ host }) => readFdb(host, "contract-br9"),
      expected: throws("OVS_CHANGE_FAILED"),
    },
    {
      name: "a port on an absent bridge",
      call: ({ host, parts }) => addPort(host, "contract-br9", parts.netdevs[0]),
      expected: throws("OVS_CHANGE_FAILED"),
    },
    { name: "somebody else's bridge", call: vsctl("add-br", FOREIGN), expected: returns(0) },
    {
      name: "adding it is refused",
      call: ({ host }) => addBridge(host, FOREIGN),
      expected: throws("BRIDGE_NOT_OURS"),
    },
    {
      name: "deleting it is refused",
      call: ({ host }) => deleteBridge(host, FOREIGN),
      expected: throws("BRIDGE_NOT_OURS"),
    },
    { name: "its owner deletes it", call: vsctl("del-br", FOREIGN), expected: returns(0) },
    {
      name: "a bridge's own netdev up",
      call: ({ host }) => setLinkState(host, BRIDGE, true),
      expected: isDone,
    },
    { name: "hw-offload", call: ({ host }) => setHwOffload(host, true), expected: isDone },
    {
      name: "it is set, and a restart is due",
      call: offload,
      expected: returns([true, true, true]),
    },
    { name: "not hw-offload", call: ({ host }) => setHwOffload(host, false), expected: isDone },
    {
      name: "the mark is removed",
      call: ({ host }) => clearRestartPending(host),
      expected: isDone,
    },
    { name: "as it was", call: offload, expected: returns([true, false, false]) },
    {
      name: "a bridge is deleted",
      call: ({ host }) => deleteBridge(host, BRIDGE),
      expected: isDone,
    },
    {
      name: "deleting what is gone is success",
      call: ({ host }) => deleteBridge(host, BRIDGE),
      expected: isDone,
    },
    { name: "and the other", call: ({ host }) => deleteBridge(host, OTHER), expected: isDone },
    { name: "no bridge is left", call: bridges, expected: returns([]) },
  ],
};
