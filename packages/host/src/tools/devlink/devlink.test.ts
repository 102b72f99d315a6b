import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostError } from "@switchyard/model";
import { fixtureMember } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { listDevlinkPorts, readDevlinkInfo, readEswitchMode, setEswitchMode } from "./devlink.ts";

const HANDLE = "pci/0000:82:00.0";
const SET = `devlink dev eswitch set ${HANDLE} mode switchdev`;
const SHOW = `devlink -j dev eswitch show ${HANDLE}`;
const captured = (member: string): Reply => ({
  stdout: fixtureMember(import.meta.url, "mlx5.reference.json", member),
});

/** Reason that setting the mode fails with when devlink prints `stderr`. */
async function reasonOfSet(stderr: string): Promise<string> {
  const host = createScriptedHost({ commands: { [SET]: { exitCode: 1, stderr } } });
  const error: unknown = await setEswitchMode(host, HANDLE, "switchdev").catch((thrown) => thrown);
  assert.ok(error instanceof HostError);
  assert.equal(error.metadata["argv"], SET);
  assert.equal(error.metadata["stderr"], stderr.trim());
  return error.reason;
}

describe("readEswitchMode", () => {
  it("reads the mode of a PF", async () => {
    const host = createScriptedHost({ commands: { [SHOW]: captured("eswitch") } });
    assert.equal(await readEswitchMode(host, HANDLE), "switchdev");
  });

  it("says that a VF has no eswitch, though half a document was printed", async () => {
    const reply = {
      exitCode: 1,
      stdout: '{"dev":{',
      stderr: "kernel answers: Operation not supported\n",
    };
    const host = createScriptedHost({ commands: { [SHOW]: reply } });
    await assert.rejects(readEswitchMode(host, HANDLE), { reason: "ESWITCH_UNSUPPORTED" });
  });

  it("refuses a mode that it does not know", async () => {
    const stdout = `{"dev":{"${HANDLE}":{"mode":"switchdev_inactive"}}}`;
    const host = createScriptedHost({ commands: { [SHOW]: { stdout } } });
    await assert.rejects(readEswitchMode(host, HANDLE), { reason: "COMMAND_OUTPUT_UNREADABLE" });
  });
});

describe("setEswitchMode", () => {
  it("runs what the plan shows", async () => {
    const host = createScriptedHost({ commands: { [SET]: {} } });
    await setEswitchMode(host, HANDLE, "switchdev");
    assert.deepEqual(host.ran, [SET]);
  });

  it("keeps the kernel's words when firmware refuses", async () => {
    const stderr =
      "Error: mlx5_core: Failed setting eswitch to offloads.\nkernel answers: Invalid argument\n";
    const host = createScriptedHost({ commands: { [SET]: { exitCode: 1, stderr } } });
    await assert.rejects(setEswitchMode(host, HANDLE, "switchdev"), (error) => {
      assert.ok(error instanceof HostError);
      assert.equal(error.reason, "ESWITCH_CHANGE_FAILED");
      assert.equal(error.metadata["kernelMessage"], "Failed setting eswitch to offloads");
      assert.equal(error.metadata["errno"], "EINVAL");
      return true;
    });
  });

  it("tells a busy eswitch by its errno and by its words", async () => {
    const busy = "Error: mlx5_core: Can't change mode, E-Switch is busy.\n";
    assert.equal(
      await reasonOfSet(`${busy}kernel answers: Device or resource busy\n`),
      "ESWITCH_BUSY",
    );
    assert.equal(await reasonOfSet(`${busy}kernel answers: Invalid argument\n`), "ESWITCH_BUSY");
  });

  it("tells a function without eswitch from one that something stands in the way of", async () => {
    const unsupported = "kernel answers: Operation not supported\n";
    assert.equal(await reasonOfSet(unsupported), "ESWITCH_UNSUPPORTED");
    assert.equal(
      await reasonOfSet(
        `Error: mlx5_core: Can't change mode while devlink traps are active.\n${unsupported}`,
      ),
      "ESWITCH_CHANGE_FAILED",
    );
    assert.equal(await reasonOfSet("kernel answers: No such device\n"), "DEVICE_ABSENT");
  });
});

describe("listDevlinkPorts", () => {
  it("splits the port's index from its device and keeps PF and VF numbers", async () => {
    const host = createScriptedHost({ commands: { "devlink -j port show": captured("ports") } });
    const [uplink, representor, virtual] = await listDevlinkPorts(host);
    assert.deepEqual(uplink, {
      handle: HANDLE,
      index: 65535,
      netdev: "enp130s0f0np0",
      flavour: "physical",
      pfNumber: undefined,
      vfNumber: undefined,
    });
    assert.deepEqual(representor, {
      handle: HANDLE,
      index: 1,
      netdev: "eth0",
      flavour: "pcivf",
      pfNumber: 0,
      vfNumber: 0,
    });
    assert.equal(virtual?.flavour, "virtual");
  });
});

describe("devlink of a kernel without it", () => {
  const absent = { exitCode: 1, stderr: "Failed to connect to devlink Netlink\n" };

  it("has no ports, and no eswitch to ask", async () => {
    const commands = { "devlink -j port show": absent, [SHOW]: absent };
    const host = createScriptedHost({ commands });
    assert.deepEqual(await listDevlinkPorts(host), []);
    await assert.rejects(readEswitchMode(host, HANDLE), { reason: "MODULE_MISSING" });
  });
});

describe("readDevlinkInfo", () => {
  it("reads PSID and firmware", async () => {
    const argv = `devlink -j dev info ${HANDLE}`;
    const host = createScriptedHost({ commands: { [argv]: captured("info") } });
    assert.deepEqual(await readDevlinkInfo(host, HANDLE), {
      driver: "mlx5_core",
      psid: "DEL0000000027",
      serial: undefined,
      running: "22.39.1002",
      stored: "22.39.1002",
    });
  });
});
