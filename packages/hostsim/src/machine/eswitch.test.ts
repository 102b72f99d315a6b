import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listDevlinkPorts, readDevlinkInfo, setEswitchMode } from "@switchyard/host";
import { parseFirmwareVersion } from "@switchyard/model";
import { createSimFleet, createSimHost } from "../fleet.ts";
import { answered, configureGuest } from "../testing/guest.ts";
import {
  MACS,
  makeVfs,
  NUM_VFS,
  PF,
  prepare,
  run,
  startVm,
  tryRun,
} from "../testing/seed-procedure.ts";

const HANDLE = `pci/${PF}`;
const SWITCH = `devlink dev eswitch set ${HANDLE} mode switchdev`;

describe("devlink dev eswitch set", () => {
  it("takes the seed's shortened keyword, and the same mode again as a no-op", async () => {
    const host = createSimHost();
    await run(host, `devlink dev eswitch set ${HANDLE} mod switchdev`);
    await run(host, SWITCH);
    assert.equal(
      await run(host, `devlink -j dev eswitch show ${HANDLE}`),
      `{"dev":{"${HANDLE}":{"mode":"switchdev","inline-mode":"none","encap-mode":"basic"}}}\n`,
    );
    assert.equal(host.effects.length, 1);
  });

  it("fails on firmware 22.27.61.06 with the seed's words", async () => {
    const host = createSimHost({ overrides: { firmware: "22.27.61.06" } });
    const { exitCode, stderr } = await tryRun(host, SWITCH);
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      "Error: mlx5_core: Failed setting eswitch to offloads.\nkernel answers: Invalid argument\n",
    );
  });

  it("works once the stored firmware runs, which takes a reboot", async () => {
    const host = createSimHost({ overrides: { firmware: "22.27.6106" } });
    host.storeFirmware(parseFirmwareVersion("22.39.10.02"));
    const before = await readDevlinkInfo(host, HANDLE);
    assert.deepEqual([before.running, before.stored], ["22.27.6106", "22.39.1002"]);
    await assert.rejects(setEswitchMode(host, HANDLE, "switchdev"), {
      reason: "ESWITCH_CHANGE_FAILED",
    });
    await host.reboot("firmware");
    await setEswitchMode(host, HANDLE, "switchdev");
  });

  it("fails with VFs present on a card that minds, and the kernel log says the syndrome", async () => {
    const host = createSimHost({ overrides: { refusesSwitchdevWithVfs: true } });
    await host.writeFile(NUM_VFS, "1");
    assert.match((await tryRun(host, SWITCH)).stderr, /Failed setting eswitch to offloads/);
    assert.match(await run(host, "dmesg"), /syndrome \(0x98afbb\)/);
    await host.writeFile(NUM_VFS, "0");
    await run(host, SWITCH);
  });

  it("is busy while offloaded rules are left, as after ovs-ctl stop", async () => {
    const [left, right] = createSimFleet({ hosts: 2, seed: 5 }).hosts;
    assert.ok(left !== undefined && right !== undefined);
    for (const [index, host] of [left, right].entries()) {
      await prepare(host, [MACS[index] as string]);
      await run(host, "ovs-vsctl set Open_vSwitch . other_config:hw-offload=true");
      await run(host, "ovs-ctl restart");
      await startVm(host, "vm", 0, MACS[index] as string);
      await configureGuest(host, "vm", `192.168.101.2${index}/24`);
    }
    assert.equal(await answered(left, { vm: "vm", target: "192.168.101.21", count: 5 }), 5);
    await run(left, "ovs-ctl stop");
    const busy = await tryRun(left, `devlink dev eswitch set ${HANDLE} mode legacy`);
    assert.match(busy.stderr, /Error: mlx5_core: Can't change mode, E-Switch is busy.\n/);
    assert.match(busy.stderr, /kernel answers: Device or resource busy/);
    await run(left, "tc qdisc del dev eth0 ingress");
    await run(left, "tc qdisc del dev enp130s0f0np0 ingress");
    await run(left, `devlink dev eswitch set ${HANDLE} mode legacy`);
  });

  it("answers as the real tool to words it does not know", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "1");
    const stderr = async (line: string) => (await tryRun(host, line)).stderr;
    assert.match(
      await stderr(`devlink dev eswitch set ${HANDLE} mode bogus`),
      /^Unknown eswitch mode "bogus"/,
    );
    assert.match(
      await stderr(`devlink dev eswitch set ${HANDLE}`),
      /^Need to set at least one option/,
    );
    assert.match(await stderr("devlink dev eswitch show nonsense"), /"nonsense" is invalid/);
    assert.match(await stderr("devlink dev bogus"), /^Command "bogus" not found/);
    assert.equal(
      await stderr("devlink dev eswitch show pci/0000:82:00.2"),
      "kernel answers: Operation not supported\n",
    );
    assert.match(await stderr("devlink dev eswitch show pci/0000:99:00.0"), /No such device/);
  });
});

describe("devlink port show", () => {
  it("numbers ports by function and vport", async () => {
    const host = createSimHost();
    await makeVfs(host, 2);
    const ports = await listDevlinkPorts(host);
    assert.deepEqual(
      ports.map(({ handle, index, flavour, netdev }) => [handle, index, flavour, netdev]),
      [
        ["pci/0000:82:00.0", 65535, "physical", "enp130s0f0np0"],
        ["pci/0000:82:00.0", 1, "pcivf", "eth0"],
        ["pci/0000:82:00.0", 2, "pcivf", "eth1"],
        ["pci/0000:82:00.1", 131071, "physical", "enp130s0f1np1"],
        ["pci/0000:82:00.2", 131072, "virtual", "enp130s0f0v0"],
        ["pci/0000:82:00.3", 196608, "virtual", "enp130s0f0v1"],
      ],
    );
  });

  it("has no representors in legacy mode", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "2");
    assert.ok((await listDevlinkPorts(host)).every(({ flavour }) => flavour !== "pcivf"));
    assert.equal(await host.exists("/sys/class/net/eth0"), false);
  });

  it("starts representors down", async () => {
    const host = createSimHost();
    await makeVfs(host, 1);
    assert.equal(await host.readFile("/sys/class/net/eth0/operstate"), "down\n");
    assert.equal(
      (await host.readLink("/sys/class/net/eth0/device")).split("/").at(-1),
      "0000:82:00.0",
    );
  });
});
