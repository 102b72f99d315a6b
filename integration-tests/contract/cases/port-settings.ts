import {
  addBridge,
  addNicFlow,
  addPort,
  clearShaping,
  compareFlows,
  deleteBridge,
  deleteNicFlows,
  listOpenFlows,
  readLinkMtu,
  readPortLimits,
  readPortTag,
  setLinkMtu,
  setPolicing,
  setPortTag,
  setShaping,
} from "@switchyard/host";
import { antiSpoofFlows, parseIpv4Address, parseMacAddress } from "@switchyard/model";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const BRIDGE = "contract-br3";
const MAC = parseMacAddress("52:54:00:c0:de:01");
const SEND = { bitsPerSecond: 1_000_000_000, burstBits: 10_000_000 };
const RECEIVE = { bitsPerSecond: 2_000_000_000, burstBits: 20_000_000 };
const NO_ROWS = { qos: [], queues: [] };

const portOf = ({ parts }: Ground): string => parts.netdevs[0];

/** Limits of the port, with rows of ours counted: their ids differ from machine to machine. */
async function limits(ground: Ground, port: string | undefined = portOf(ground)) {
  const { isThere, send, receive, qos, rows } = await readPortLimits(ground.host, {
    port,
    mac: MAC,
  });
  const isOurs = qos !== undefined && rows.qos.includes(qos);
  return { isThere, send, receive, isOurs, rows: [rows.qos.length, rows.queues.length] };
}

const rowsOf = async (ground: Ground) =>
  (await readPortLimits(ground.host, { port: portOf(ground), mac: MAC })).rows;

const wanted = (port: string | number) =>
  antiSpoofFlows({ port, mac: MAC, address: parseIpv4Address("192.168.101.20") });

/** What the NIC's flows lack of those that were added by the port's name, as Open vSwitch has them. */
async function lacking({ host }: Ground) {
  const flows = await listOpenFlows(host, BRIDGE);
  const number = flows.flatMap(({ match }) =>
    match.filter((field) => field.startsWith("in_port=")),
  );
  const [ofport = "in_port=0"] = number;
  return compareFlows(flows, MAC, wanted(ofport.slice("in_port=".length)));
}

async function addFlows(ground: Ground): Promise<void> {
  for (const flow of wanted(portOf(ground))) {
    await addNicFlow(ground.host, BRIDGE, { mac: MAC, flow });
  }
}

/** What networks ask of ports: tag, limits, flows, MTU. */
export const portSettingsGroup: ContractGroup = {
  name: "port settings",
  calls: [
    { name: "a bridge", call: ({ host }) => addBridge(host, BRIDGE), expected: isDone },
    { name: "a port", call: (it) => addPort(it.host, BRIDGE, portOf(it)), expected: isDone },
    {
      name: "it is untagged",
      call: (it) => readPortTag(it.host, portOf(it)),
      expected: returns({ isThere: true, vlan: undefined }),
    },
    { name: "a tag", call: (it) => setPortTag(it.host, portOf(it), 40), expected: isDone },
    {
      name: "it has the tag",
      call: (it) => readPortTag(it.host, portOf(it)),
      expected: returns({ isThere: true, vlan: 40 }),
    },
    { name: "no tag", call: (it) => setPortTag(it.host, portOf(it), undefined), expected: isDone },
    {
      name: "a tag on a port that is not there",
      call: ({ host }) => setPortTag(host, "absent0", 40),
      expected: throws("OVS_CHANGE_FAILED"),
    },
    {
      name: "it has no limits",
      call: (it) => limits(it),
      expected: returns({
        ...{ isThere: true, send: undefined, receive: undefined },
        ...{ isOurs: false, rows: [0, 0] },
      }),
    },
    {
      name: "a send limit",
      call: (it) => setPolicing(it.host, portOf(it), SEND),
      expected: isDone,
    },
    {
      name: "a receive limit",
      call: (it) => setShaping(it.host, portOf(it), { mac: MAC, limit: SEND, former: NO_ROWS }),
      expected: isDone,
    },
    {
      name: "another one in its place",
      call: async (it) =>
        setShaping(it.host, portOf(it), { mac: MAC, limit: RECEIVE, former: await rowsOf(it) }),
      expected: isDone,
    },
    {
      name: "it has both, and one row of each kind",
      call: (it) => limits(it),
      expected: returns({
        ...{ isThere: true, send: SEND, receive: RECEIVE },
        ...{ isOurs: true, rows: [1, 1] },
      }),
    },
    { name: "four flows", call: addFlows, expected: isDone },
    { name: "the same again", call: addFlows, expected: isDone },
    {
      name: "they are as they were written",
      call: lacking,
      expected: returns({ missing: [], hasOthers: false }),
    },
    {
      name: "with the bridge's own there are five",
      call: async ({ host }) => (await listOpenFlows(host, BRIDGE)).length,
      expected: returns(5),
    },
    {
      name: "a smaller MTU",
      call: (it) => setLinkMtu(it.host, portOf(it), 1400),
      expected: isDone,
    },
    {
      name: "it shows",
      call: (it) => readLinkMtu(it.host, portOf(it)),
      expected: returns(1400),
    },
    {
      name: "the usual MTU",
      call: (it) => setLinkMtu(it.host, portOf(it), 1500),
      expected: isDone,
    },
    {
      name: "an MTU of a link that is not there",
      call: ({ host }) => setLinkMtu(host, "absent0", 1500),
      expected: throws("DEVICE_ABSENT"),
    },
    {
      name: "no flows of the NIC",
      call: ({ host }) => deleteNicFlows(host, BRIDGE, MAC),
      expected: isDone,
    },
    {
      name: "the bridge's own is left",
      call: ({ host }) => listOpenFlows(host, BRIDGE),
      expected: returns([{ cookie: "0x0", priority: 0, match: [], actions: "NORMAL" }]),
    },
    {
      name: "no send limit",
      call: (it) => setPolicing(it.host, portOf(it), undefined),
      expected: isDone,
    },
    { name: "the bridge goes", call: ({ host }) => deleteBridge(host, BRIDGE), expected: isDone },
    {
      name: "rows of ours outlive the port",
      call: (it) => limits(it, undefined),
      expected: returns({
        ...{ isThere: false, send: undefined, receive: undefined },
        ...{ isOurs: false, rows: [1, 1] },
      }),
    },
    {
      name: "they are taken away",
      call: async (it) => clearShaping(it.host, await rowsOf(it), undefined),
      expected: isDone,
    },
    { name: "none is left", call: rowsOf, expected: returns(NO_ROWS) },
    {
      name: "flows of a bridge that is not there",
      call: ({ host }) => listOpenFlows(host, BRIDGE),
      expected: throws("OVS_CHANGE_FAILED"),
    },
  ],
};
