import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMacAddress } from "@switchyard/model";
import { fixtureMember } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import {
  addVdpaDevice,
  deleteVdpaDevice,
  findVdpaDevice,
  listMgmtdevs,
  listVdpaDevices,
} from "./vdpa.ts";

const captured = (member: string): Reply => ({
  stdout: fixtureMember(import.meta.url, "mlx5.reference.json", member),
});
const ABSENT: Reply = { exitCode: 1, stderr: "Failed to connect to vdpa Netlink\n" };
const VF_DRIVER = "/sys/bus/pci/devices/0000:82:00.2/driver";

describe("listMgmtdevs", () => {
  const commands = { "vdpa -j mgmtdev show": captured("mgmtdev") };

  it("counts pairs without the control queue and leaves block devices out", async () => {
    assert.deepEqual(await listMgmtdevs(createScriptedHost({ commands })), [
      { handle: "pci/0000:82:00.2", maxVqp: 32, canSetMac: true, canSetMaxVqp: true },
    ]);
  });

  it("knows that vp_vdpa fixes MAC and queues although it has the features", async () => {
    const links = { [VF_DRIVER]: "../../../bus/pci/drivers/vp-vdpa" };
    const [mgmtdev] = await listMgmtdevs(createScriptedHost({ commands, links }));
    assert.equal(mgmtdev?.canSetMac, false);
    assert.equal(mgmtdev?.canSetMaxVqp, false);
  });

  it("finds none while the module is not loaded", async () => {
    const host = createScriptedHost({ commands: { "vdpa -j mgmtdev show": ABSENT } });
    assert.deepEqual(await listMgmtdevs(host), []);
  });
});

describe("listVdpaDevices", () => {
  const commands = {
    "vdpa -j dev show": captured("dev"),
    "vdpa -j dev config show": captured("config"),
  };

  it("joins device, config and char device", async () => {
    // The minor does not follow from the device's name.
    const files = { "/sys/bus/vdpa/devices/vdpa0/vhost-vdpa-3/dev": "240:3" };
    const [device] = await listVdpaDevices(createScriptedHost({ commands, files }));
    assert.equal(device?.vhostPath, "/dev/vhost-vdpa-3");
    assert.equal(device?.mac, "52:54:00:cb:45:11");
    assert.deepEqual([device?.maxVqs, device?.maxVqp], [33, 16]);
    assert.equal(device?.negotiatedFeatures?.includes("MQ"), true);
  });

  it("has no char device while vhost_vdpa is not bound", async () => {
    const [device] = await listVdpaDevices(createScriptedHost({ commands }));
    assert.equal(device?.vhostPath, undefined);
  });
});

describe("findVdpaDevice", () => {
  const commands = { "vdpa -j dev show": captured("dev") };

  it("asks for the settings of the one device that matches", async () => {
    const config = { "vdpa -j dev config show vdpa0": captured("config") };
    const host = createScriptedHost({ commands: { ...commands, ...config } });
    const isOnVf = ({ mgmtdevHandle }: { readonly mgmtdevHandle: string }) =>
      mgmtdevHandle === "pci/0000:82:00.2";
    assert.equal((await findVdpaDevice(host, isOnVf))?.mac, "52:54:00:cb:45:11");
  });

  it("asks for nothing where none matches", async () => {
    assert.equal(await findVdpaDevice(createScriptedHost({ commands }), () => false), undefined);
  });
});

describe("listVdpaDevices while jobs run", () => {
  it("asks for a device alone that the list of all does not have", async () => {
    const commands = {
      "vdpa -j dev show": captured("dev"),
      "vdpa -j dev config show": { stdout: '{"config":{}}' },
      "vdpa -j dev config show vdpa0": captured("config"),
    };
    const [device] = await listVdpaDevices(createScriptedHost({ commands }));
    assert.equal(device?.mac, "52:54:00:cb:45:11");
  });

  it("leaves out a device that was deleted after it was listed", async () => {
    const commands = {
      "vdpa -j dev show": captured("dev"),
      "vdpa -j dev config show": { stdout: '{"config":{}}' },
      "vdpa -j dev config show vdpa0": {
        exitCode: 1,
        stderr: "Error: vdpa: device not found.\nkernel answers: No such device\n",
      },
    };
    assert.deepEqual(await listVdpaDevices(createScriptedHost({ commands })), []);
  });
});

describe("addVdpaDevice", () => {
  const options = {
    name: "sy-82-0-0",
    mgmtdev: "pci/0000:82:00.2",
    mac: parseMacAddress("52:54:00:cb:45:11"),
    maxVqp: 16,
  };
  const argv =
    "vdpa dev add name sy-82-0-0 mgmtdev pci/0000:82:00.2 mac 52:54:00:cb:45:11 max_vqp 16";
  const add = (stderr: string) =>
    addVdpaDevice(createScriptedHost({ commands: { [argv]: { exitCode: 1, stderr } } }), options);

  it("gives each refusal the reason that programs tell apart", async () => {
    const refusals: readonly (readonly [string, string])[] = [
      [
        "Error: vdpa: Some provided attributes are not supported: 0x1000.\nkernel answers: Operation not supported\n",
        "VDPA_ATTRIBUTE_UNSUPPORTED",
      ],
      [
        "Error: vdpa: All provided attributes are not supported.\nkernel answers: Operation not supported\n",
        "VDPA_ATTRIBUTE_UNSUPPORTED",
      ],
      ["kernel answers: No space left on device\n", "VDPA_SLOT_TAKEN"],
      ["kernel answers: File exists\n", "VDPA_SLOT_TAKEN"],
      [
        "Error: vdpa: Fail to find the specified management device.\nkernel answers: No such device\n",
        "DEVICE_ABSENT",
      ],
      ["kernel answers: Invalid argument\n", "VDPA_ADD_FAILED"],
      ["Failed to connect to vdpa Netlink\n", "MODULE_MISSING"],
    ];
    for (const [stderr, reason] of refusals) await assert.rejects(add(stderr), { reason });
  });
});

describe("deleteVdpaDevice", () => {
  const del = (reply: Reply) =>
    deleteVdpaDevice(createScriptedHost({ commands: { "vdpa dev del v0": reply } }), "v0");

  it("takes a device that is gone for deleted", async () => {
    const stderr = "Error: vdpa: device not found.\nkernel answers: No such device\n";
    await assert.doesNotReject(del({ exitCode: 1, stderr }));
    await assert.doesNotReject(del(ABSENT));
  });

  it("says when the device is busy", async () => {
    const reply = { exitCode: 1, stderr: "kernel answers: Device or resource busy\n" };
    await assert.rejects(del(reply), { reason: "DEVICE_BUSY" });
  });
});
