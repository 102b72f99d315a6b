import {
  addBridge,
  addPort,
  deleteBridge,
  deletePort,
  listDevlinkPorts,
  listLinks,
  readOvs,
  setEswitchMode,
  startOvs,
  writeVfCount,
} from "@switchyard/host";
import type { BridgePort, EswitchMode } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import { type ContractGroup, isDone, returns } from "../contract.ts";
import type { Ground } from "../ground.ts";

const BRIDGE = "contract-br3";

/** vswitchd hears of netdevs that come and go by netlink, a little later than they do. */
const VSWITCHD_NOTICES_MS = 60_000;
const LOOK_AGAIN_MS = 200;

const setMode = (mode: EswitchMode) => (ground: Ground) =>
  setEswitchMode(ground.host, ground.parts.eswitch.handle, mode);
const setCount = (count: number) => (ground: Ground) =>
  writeVfCount(ground.host, ground.parts.eswitch.numVfsPath, count);

const representors = async ({ host, parts }: Ground): Promise<readonly string[]> =>
  (await listDevlinkPorts(host))
    .filter(({ handle, flavour }) => handle === parts.eswitch.handle && flavour === "pcivf")
    .flatMap(({ netdev }) => netdev ?? []);

const portsOf = async ({ host }: Ground): Promise<readonly BridgePort[]> =>
  (await readOvs(host))?.bridges.find(({ name }) => name === BRIDGE)?.ports ?? [];

/** Errors of the bridge's ports, once as many are broken and as many whole as said. */
const errorsOnce = (brokenCount: number, wholeCount: number) => async (ground: Ground) => {
  let ports: readonly BridgePort[] = [];
  await waitFor(
    async () => {
      ports = await portsOf(ground);
      const broken = ports.filter(({ error }) => error !== undefined);
      return broken.length === brokenCount && ports.length - broken.length === wholeCount;
    },
    {
      deadlineMs: VSWITCHD_NOTICES_MS,
      pollMs: LOOK_AGAIN_MS,
      describe: () => `ports ${JSON.stringify(ports)}`,
    },
  );
  return ports.map(({ name, error }) => error?.replace(name, "<representor>"));
};

const ERROR = "could not open network device <representor> (No such device)";

/** Ports whose netdevs the eswitch takes away under a live bridge, and brings again. */
export const stalePortGroup: ContractGroup = {
  name: "stale ports",
  calls: [
    { name: "OVS runs", call: ({ host }) => startOvs(host), expected: isDone },
    { name: "two VFs", call: setCount(2), expected: isDone },
    { name: "switchdev", call: setMode("switchdev"), expected: isDone },
    { name: "a bridge", call: ({ host }) => addBridge(host, BRIDGE), expected: isDone },
    {
      name: "with both representors",
      call: async (ground) => {
        const names = await representors(ground);
        for (const name of names) await addPort(ground.host, BRIDGE, name);
        return names.length;
      },
      expected: returns(2),
    },
    {
      name: "which are whole",
      call: errorsOnce(0, 2),
      expected: returns([undefined, undefined]),
    },
    { name: "legacy under the live bridge", call: setMode("legacy"), expected: isDone },
    {
      name: "leaves ports without devices",
      call: errorsOnce(2, 0),
      expected: returns([ERROR, ERROR]),
    },
    {
      name: "and the bridge itself as it was",
      call: async ({ host }) => (await listLinks(host)).some(({ netdev }) => netdev === BRIDGE),
      expected: returns(true),
    },
    { name: "switchdev again", call: setMode("switchdev"), expected: isDone },
    {
      name: "makes them whole, their names being the same",
      call: errorsOnce(0, 2),
      expected: returns([undefined, undefined]),
    },
    { name: "legacy once more", call: setMode("legacy"), expected: isDone },
    {
      name: "stale ports are taken out",
      call: async (ground) => {
        await errorsOnce(2, 0)(ground);
        const ports = await portsOf(ground);
        for (const { name } of ports) await deletePort(ground.host, BRIDGE, name);
        return portsOf(ground);
      },
      expected: returns([]),
    },
    {
      name: "the bridge is deleted",
      call: ({ host }) => deleteBridge(host, BRIDGE),
      expected: isDone,
    },
    { name: "no VFs", call: setCount(0), expected: isDone },
  ],
};
