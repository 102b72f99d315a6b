import {
  listDevlinkPorts,
  readDevlinkInfo,
  readEswitchMode,
  setEswitchMode,
  writeVfCount,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const ABSENT = "pci/0000:7f:1f.7";

const flavours = async ({ host, parts }: Ground) =>
  (await listDevlinkPorts(host))
    .filter(({ handle }) => handle === parts.eswitch.handle)
    .map(({ flavour, pfNumber, vfNumber, netdev }) => ({
      flavour,
      pfNumber,
      vfNumber,
      hasNetdev: netdev !== undefined,
    }));

const uplink = { flavour: "physical", pfNumber: undefined, vfNumber: undefined, hasNetdev: true };
const representor = (vfNumber: number) => ({
  flavour: "pcivf",
  pfNumber: 0,
  vfNumber,
  hasNetdev: true,
});

const setMode = (mode: "legacy" | "switchdev") => (ground: Ground) =>
  setEswitchMode(ground.host, ground.parts.eswitch.handle, mode);
const readMode = (ground: Ground) => readEswitchMode(ground.host, ground.parts.eswitch.handle);
const setCount = (count: number) => (ground: Ground) =>
  writeVfCount(ground.host, ground.parts.eswitch.numVfsPath, count);

/** The eswitch: modes, and the ports they make. */
export const devlinkGroup: ContractGroup = {
  name: "devlink",
  calls: [
    { name: "a bare machine is in legacy mode", call: readMode, expected: returns("legacy") },
    { name: "legacy again is success", call: setMode("legacy"), expected: isDone },
    { name: "legacy has the uplink alone", call: flavours, expected: returns([uplink]) },
    { name: "VFs are made", call: setCount(2), expected: isDone },
    { name: "legacy shows no representors", call: flavours, expected: returns([uplink]) },
    { name: "switchdev", call: setMode("switchdev"), expected: isDone },
    { name: "switchdev again is success", call: setMode("switchdev"), expected: isDone },
    { name: "the mode is read back", call: readMode, expected: returns("switchdev") },
    {
      name: "every VF has a representor with a netdev",
      call: flavours,
      expected: returns([uplink, representor(0), representor(1)]),
    },
    { name: "back to legacy with VFs present", call: setMode("legacy"), expected: isDone },
    { name: "representors are gone", call: flavours, expected: returns([uplink]) },
    { name: "VFs are removed", call: setCount(0), expected: isDone },
    {
      name: "mode of an absent device",
      call: ({ host }) => readEswitchMode(host, ABSENT),
      expected: throws("DEVICE_ABSENT"),
    },
    {
      name: "mode change of an absent device",
      call: ({ host }) => setEswitchMode(host, ABSENT, "switchdev"),
      expected: throws("DEVICE_ABSENT", "ENODEV"),
    },
    {
      name: "information on an absent device",
      call: ({ host }) => readDevlinkInfo(host, ABSENT),
      expected: throws("COMMAND_FAILED"),
    },
    {
      name: "the device names its driver",
      call: async ({ host, parts }) =>
        (await readDevlinkInfo(host, parts.eswitch.handle)).driver !== "",
      expected: returns(true),
    },
  ],
};
