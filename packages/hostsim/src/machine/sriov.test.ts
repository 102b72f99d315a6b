import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { bindPciDriver, listVfAddresses, readPciFunction } from "@switchyard/host";
import { CommandError, parsePciAddress } from "@switchyard/model";
import { createSimFleet, createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import {
  addVdpa,
  MACS,
  makeVfs,
  NUM_VFS,
  PF,
  run,
  startVm,
  tryRun,
} from "../testing/seed-procedure.ts";

const SECOND_PF = parsePciAddress("0000:82:00.1");

describe("sriov_numvfs", () => {
  let host: SimHost;
  beforeEach(() => {
    host = createSimFleet({ hosts: 1, seed: 1 }).host("r740-01");
  });

  it("makes VFs with links both ways and a netdev each", async () => {
    await host.writeFile(NUM_VFS, "2");
    assert.deepEqual(await listVfAddresses(host, parsePciAddress(PF)), [
      "0000:82:00.2",
      "0000:82:00.3",
    ]);
    const vf = await readPciFunction(host, parsePciAddress("0000:82:00.3"));
    assert.deepEqual(
      [vf.physicalFunction, vf.deviceId, vf.driver, vf.netdevs],
      [PF, "0x101e", "mlx5_core", ["enp130s0f0v1"]],
    );
  });

  it("begins the second port's VFs after the room kept for the first one's", async () => {
    await host.writeFile(`/sys/bus/pci/devices/${SECOND_PF}/sriov_numvfs`, "1");
    assert.deepEqual(await listVfAddresses(host, SECOND_PF), ["0000:82:02.2"]);
  });

  it("takes the count it has already", async () => {
    await host.writeFile(NUM_VFS, "2");
    const { length } = host.effects;
    await host.writeFile(NUM_VFS, "2");
    assert.equal(host.effects.length, length);
  });

  it("answers EBUSY from one non-zero count to another and says so in the kernel log", async () => {
    await host.writeFile(NUM_VFS, "2");
    await assert.rejects(host.writeFile(NUM_VFS, "4"), { errno: "EBUSY" });
    assert.match(await run(host, "dmesg"), /2 VFs already enabled. Disable before enabling 4 VFs/);
  });

  it("answers ERANGE past sriov_totalvfs and EINVAL to what is no number", async () => {
    await assert.rejects(host.writeFile(NUM_VFS, "17"), { errno: "ERANGE" });
    await assert.rejects(host.writeFile(NUM_VFS, "two"), { errno: "EINVAL" });
  });

  it("is offered as mlx5_num_vfs, too, by MLNX_OFED's driver alone", async () => {
    const path = `/sys/bus/pci/devices/${PF}/mlx5_num_vfs`;
    await host.writeFile(path, "1");
    assert.equal(await host.readFile(NUM_VFS), "1\n");
    const inbox = createSimHost({ overrides: { hasOfed: false } });
    assert.equal(await inbox.exists(path), false);
  });

  it("keeps switchdev mode when it goes to zero, and takes the representors away", async () => {
    await makeVfs(host, 2);
    await host.writeFile(NUM_VFS, "0");
    assert.match(await run(host, `devlink -j dev eswitch show pci/${PF}`), /"mode":"switchdev"/);
    assert.equal(await host.exists("/sys/class/net/eth0"), false);
  });

  it("does not come back while a VM holds a vDPA device, and ends once the VM has", async () => {
    await makeVfs(host, 1);
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    await assert.rejects(
      host.writeFile(NUM_VFS, "0", 20),
      (error) => error instanceof CommandError && error.reason === "COMMAND_TIMED_OUT",
    );
    assert.deepEqual(host.stuckDevices, ["vdpa0"]);
    await assert.rejects(host.run({ argv: ["vdpa", "dev", "show"], timeoutMs: 20 }));
    host.killVm("a");
    assert.equal(await run(host, "vdpa -j dev show"), '{"dev":{}}\n');
    assert.equal(await host.readFile(NUM_VFS), "0\n");
  });
});

describe("driver binding", () => {
  it("moves a VF to vfio-pci and back by driver_override", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "1");
    const vf = parsePciAddress("0000:82:00.2");
    await run(host, "modprobe vfio-pci");
    await bindPciDriver(host, vf, "vfio-pci");
    assert.match(await run(host, "lspci -nnk -s 0000:82:00.2"), /15b3:101e.*\n.*in use: vfio-pci/);
    assert.equal(await host.exists("/sys/class/net/enp130s0f0v0"), false);
    await bindPciDriver(host, vf, "mlx5_core");
    assert.equal(await host.exists("/sys/class/net/enp130s0f0v0"), true);
  });

  it("answers ENODEV to an unbind of what is not bound there", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "1");
    await run(host, "modprobe vfio-pci");
    await assert.rejects(host.writeFile("/sys/bus/pci/drivers/vfio-pci/unbind", "0000:82:00.2"), {
      errno: "ENODEV",
    });
  });

  it("takes the mgmtdev of a VF away that leaves mlx5_core", async () => {
    const host = createSimHost();
    await makeVfs(host, 2);
    await host.writeFile("/sys/bus/pci/devices/0000:82:00.2/driver/unbind", "0000:82:00.2");
    const { stdout } = await tryRun(host, "vdpa -j mgmtdev show");
    assert.deepEqual(Object.keys(JSON.parse(stdout).mgmtdev), ["pci/0000:82:00.3"]);
  });
});
