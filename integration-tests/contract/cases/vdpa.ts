import { addVdpaDevice, deleteVdpaDevice, listMgmtdevs, listVdpaDevices } from "@switchyard/host";
import type { MacAddress } from "@switchyard/model";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const NAME = "contract0";
const MAC = "52:54:00:cb:45:aa" as MacAddress;

const add =
  (options: { readonly name?: string; readonly mgmtdev?: string; readonly maxVqp?: number }) =>
  ({ host, parts }: Ground) =>
    addVdpaDevice(host, {
      name: options.name ?? NAME,
      mgmtdev: options.mgmtdev ?? parts.mgmtdev,
      mac: MAC,
      maxVqp: options.maxVqp,
    });

const find = async ({ host, parts }: Ground) =>
  (await listVdpaDevices(host))
    .filter(({ name }) => name === NAME)
    .map((device) => ({
      isOnMgmtdev: device.mgmtdevHandle === parts.mgmtdev,
      mac: device.mac,
      negotiatedFeatures: device.negotiatedFeatures,
      hasCharDevice: device.vhostPath?.startsWith("/dev/vhost-vdpa-"),
    }));

/** vDPA devices: what the kernel's vdpa core decides, for any driver. */
export const vdpaGroup: ContractGroup = {
  name: "vdpa",
  calls: [
    {
      name: "vhost_vdpa is loaded",
      call: async ({ host }) => (await host.run({ argv: ["modprobe", "vhost_vdpa"] })).exitCode,
      expected: returns(0),
    },
    {
      name: "a management device is made",
      call: ({ host, parts }) => parts.makeMgmtdev(host),
      expected: isDone,
    },
    {
      name: "it is listed and takes a MAC",
      call: async ({ host, parts }) =>
        (await listMgmtdevs(host))
          .filter(({ handle }) => handle === parts.mgmtdev)
          .map(({ canSetMac }) => canSetMac),
      expected: returns([true]),
    },
    { name: "no device at first", call: find, expected: returns([]) },
    {
      name: "an attribute that the driver does not take",
      call: add({ maxVqp: 2 }),
      expected: throws("VDPA_ATTRIBUTE_UNSUPPORTED"),
    },
    {
      name: "an absent management device",
      call: add({ mgmtdev: "pci/0000:7f:1f.7" }),
      expected: throws("DEVICE_ABSENT"),
    },
    { name: "a device", call: add({}), expected: isDone },
    {
      name: "it has its MAC and a char device, and no guest yet",
      call: find,
      expected: returns([
        { isOnMgmtdev: true, mac: MAC, negotiatedFeatures: undefined, hasCharDevice: true },
      ]),
    },
    { name: "a name that is taken", call: add({}), expected: throws("VDPA_SLOT_TAKEN") },
    {
      name: "it is deleted",
      call: ({ host }) => deleteVdpaDevice(host, NAME),
      expected: isDone,
    },
    {
      name: "deleting what is gone is success",
      call: ({ host }) => deleteVdpaDevice(host, NAME),
      expected: isDone,
    },
    { name: "it is gone", call: find, expected: returns([]) },
    {
      name: "the management device is removed",
      call: ({ host, parts }) => parts.removeMgmtdev(host),
      expected: isDone,
    },
  ],
};
