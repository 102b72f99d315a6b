import {
  bindPciDriver,
  listVfAddresses,
  readPciDriver,
  readPciFunction,
  readVfCount,
  writeVfCount,
} from "@switchyard/host";
import type { PciAddress } from "@switchyard/model";
import { type ContractGroup, isDone, returns, sriovOf, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const DEVICES = "/sys/bus/pci/devices";
const ABSENT = "0000:7f:1f.7" as PciAddress;

const numVfsPath = (ground: Ground) => `${DEVICES}/${sriovOf(ground).pf}/sriov_numvfs`;
const write = (text: string) => (ground: Ground) => ground.host.writeFile(numVfsPath(ground), text);
const setCount = (count: number) => (ground: Ground) =>
  writeVfCount(ground.host, numVfsPath(ground), count);
const readCount = (ground: Ground) => readVfCount(ground.host, numVfsPath(ground));

/** The first VF, found as the agent finds it. */
async function firstVf(ground: Ground): Promise<PciAddress> {
  const [address] = await listVfAddresses(ground.host, sriovOf(ground).pf);
  if (address === undefined) throw new RangeError("there is no VF");
  return address;
}

const ofVf =
  <Answer>(read: (ground: Ground, vf: PciAddress) => Promise<Answer>) =>
  async (ground: Ground) =>
    read(ground, await firstVf(ground));

const skipReason = ({ name, parts }: Ground) =>
  parts.sriov === undefined ? `${name} has no SR-IOV card` : undefined;

/** `sriov_numvfs` of the PCI core. */
export const sriovGroup: ContractGroup = {
  name: "sriov_numvfs",
  skipReason,
  calls: [
    { name: "no VFs at first", call: readCount, expected: returns(0) },
    {
      name: "the PF says how many it can make",
      call: async (ground) => {
        const { pf, totalVfs } = sriovOf(ground);
        return (await readPciFunction(ground.host, pf)).totalVfs === totalVfs;
      },
      expected: returns(true),
    },
    {
      name: "one more than it can make",
      call: (ground) => setCount(sriovOf(ground).totalVfs + 1)(ground),
      expected: throws("VF_COUNT_TOO_LARGE", "ERANGE"),
    },
    { name: "a count beyond 16 bits", call: write("65536"), expected: throws("EINVAL") },
    { name: "no number", call: write("two"), expected: throws("EINVAL") },
    { name: "a negative number", call: write("-1"), expected: throws("EINVAL") },
    { name: "a number after a space", call: write(" 2"), expected: throws("EINVAL") },
    { name: "a number before a space", call: write("2 "), expected: throws("EINVAL") },
    { name: "no VFs came of these", call: readCount, expected: returns(0) },
    { name: "none again is success", call: setCount(0), expected: isDone },
    { name: "two, with a newline", call: write("2\n"), expected: isDone },
    { name: "the count is read back", call: readCount, expected: returns(2) },
    { name: "the same count again is success", call: setCount(2), expected: isDone },
    {
      name: "another count while there are VFs",
      call: setCount(3),
      expected: throws("DEVICE_BUSY", "EBUSY"),
    },
    { name: "the two are still there", call: readCount, expected: returns(2) },
    {
      name: "each VF is linked from the PF",
      call: async (ground) => (await listVfAddresses(ground.host, sriovOf(ground).pf)).length,
      expected: returns(2),
    },
    {
      name: "a VF names its PF and can make none itself",
      call: ofVf(async (ground, vf) => {
        const found = await readPciFunction(ground.host, vf);
        return {
          isOfPf: found.physicalFunction === sriovOf(ground).pf,
          totalVfs: found.totalVfs,
          pfTotal: (await readPciFunction(ground.host, sriovOf(ground).pf)).physicalFunction,
        };
      }),
      expected: returns({ isOfPf: true, totalVfs: undefined, pfTotal: undefined }),
    },
    {
      name: "each VF has an IOMMU group of its own",
      call: async (ground) => {
        const { pf } = sriovOf(ground);
        const addresses = [pf, ...(await listVfAddresses(ground.host, pf))];
        const functions = await Promise.all(
          addresses.map((address) => readPciFunction(ground.host, address)),
        );
        const groups = functions.map(({ iommuGroup }) => iommuGroup);
        return [groups.includes(undefined), new Set(groups).size];
      },
      expected: returns([false, 3]),
    },
    { name: "base sixteen is read too", call: write("0x2"), expected: isDone },
    { name: "back to none", call: setCount(0), expected: isDone },
    {
      name: "no VF is left",
      call: (ground) => listVfAddresses(ground.host, sriovOf(ground).pf),
      expected: returns([]),
    },
    {
      name: "a count where there is no such file",
      call: ({ host }) => readVfCount(host, `${DEVICES}/${ABSENT}/sriov_numvfs`),
      expected: throws("SRIOV_UNSUPPORTED", "ENOENT"),
    },
    {
      name: "a change where there is no such file",
      call: ({ host }) => writeVfCount(host, `${DEVICES}/${ABSENT}/sriov_numvfs`, 2),
      expected: throws("SRIOV_UNSUPPORTED", "ENOENT"),
    },
  ],
};

const bind = (driver: string) => ofVf(({ host }, vf) => bindPciDriver(host, vf, driver));
const isBoundTo = (driver: (ground: Ground) => string | undefined) =>
  ofVf(async (ground, vf) => (await readPciDriver(ground.host, vf)) === driver(ground));
const ownDriver = (ground: Ground) => sriovOf(ground).vfDriver;

/** Drivers of a VF: `driver_override`, bind, unbind, `drivers_probe`. */
export const bindingGroup: ContractGroup = {
  name: "driver binding",
  skipReason,
  calls: [
    {
      name: "vfio-pci is loaded",
      call: async ({ host }) => (await host.run({ argv: ["modprobe", "vfio-pci"] })).exitCode,
      expected: returns(0),
    },
    { name: "a VF is made", call: setCount(1), expected: isDone },
    { name: "its own driver took it", call: isBoundTo(ownDriver), expected: returns(true) },
    {
      name: "no override at first",
      call: ofVf(({ host }, vf) => host.readFile(`${DEVICES}/${vf}/driver_override`)),
      expected: returns("(null)\n"),
    },
    {
      name: "a driver that is not loaded",
      call: bind("no-such-driver"),
      expected: throws("MODULE_MISSING"),
    },
    { name: "vfio-pci", call: bind("vfio-pci"), expected: isDone },
    { name: "it is bound", call: isBoundTo(() => "vfio-pci"), expected: returns(true) },
    { name: "vfio-pci again is success", call: bind("vfio-pci"), expected: isDone },
    {
      name: "the override is read back",
      call: ofVf(({ host }, vf) => host.readFile(`${DEVICES}/${vf}/driver_override`)),
      expected: returns("vfio-pci\n"),
    },
    {
      name: "the group has a device file for a VM to open",
      call: ofVf(async ({ host }, vf) => {
        const { iommuGroup } = await readPciFunction(host, vf);
        return host.exists(`/dev/vfio/${iommuGroup}`);
      }),
      expected: returns(true),
    },
    {
      name: "bind where it is bound",
      call: ofVf(({ host }, vf) => host.writeFile("/sys/bus/pci/drivers/vfio-pci/bind", vf)),
      expected: throws("EBUSY"),
    },
    {
      name: "unbind from a driver it is not bound to",
      call: ofVf((ground, vf) =>
        ground.host.writeFile(`/sys/bus/pci/drivers/${ownDriver(ground)}/unbind`, vf),
      ),
      expected: throws("ENODEV"),
    },
    {
      name: "unbind",
      call: ofVf(({ host }, vf) => host.writeFile("/sys/bus/pci/drivers/vfio-pci/unbind", vf)),
      expected: isDone,
    },
    { name: "it has no driver", call: isBoundTo(() => undefined), expected: returns(true) },
    {
      name: "bind to a driver the override does not name",
      call: ofVf((ground, vf) =>
        ground.host.writeFile(`/sys/bus/pci/drivers/${ownDriver(ground)}/bind`, vf),
      ),
      expected: throws("ENODEV"),
    },
    {
      name: "the override is cleared",
      call: ofVf(({ host }, vf) => host.writeFile(`${DEVICES}/${vf}/driver_override`, "\n")),
      expected: isDone,
    },
    {
      name: "there is none again",
      call: ofVf(({ host }, vf) => host.readFile(`${DEVICES}/${vf}/driver_override`)),
      expected: returns("(null)\n"),
    },
    {
      name: "the bus looks for a driver",
      call: ofVf(({ host }, vf) => host.writeFile("/sys/bus/pci/drivers_probe", vf)),
      expected: isDone,
    },
    { name: "its own took it again", call: isBoundTo(ownDriver), expected: returns(true) },
    {
      name: "a probe of an absent device",
      call: ({ host }) => host.writeFile("/sys/bus/pci/drivers_probe", ABSENT),
      expected: throws("ENODEV"),
    },
    {
      name: "an absent device",
      call: ({ host }) => bindPciDriver(host, ABSENT, "vfio-pci"),
      expected: throws("DEVICE_ABSENT"),
    },
    {
      name: "facts on an absent device",
      call: ({ host }) => readPciFunction(host, ABSENT),
      expected: throws("DEVICE_ABSENT"),
    },
    { name: "the VF is removed", call: setCount(0), expected: isDone },
  ],
};
