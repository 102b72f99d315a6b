import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { addVdpaDevice, listMgmtdevs, listVdpaDevices } from "@switchyard/host";
import { CommandError, parseMacAddress } from "@switchyard/model";
import { createSimHost } from "../fleet.ts";
import type { SimHost } from "../sim-host.ts";
import {
  addVdpa,
  MACS,
  makeVfs,
  NUM_VFS,
  PF,
  run,
  runJson,
  startVm,
  tryRun,
} from "../testing/seed-procedure.ts";

const VF0 = "pci/0000:82:00.2";
const VF1 = "pci/0000:82:00.3";

describe("vdpa without its modules", () => {
  it("can't reach Netlink", async () => {
    const { exitCode, stderr } = await tryRun(createSimHost(), "vdpa -j mgmtdev show");
    assert.deepEqual([exitCode, stderr], [1, "Failed to connect to vdpa Netlink\n"]);
  });

  it("lists no mgmtdev while mlx5_vdpa is missing", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "1");
    await run(host, "modprobe vhost_vdpa");
    assert.equal(await run(host, "vdpa -j mgmtdev show"), '{"mgmtdev":{}}\n');
  });

  it("makes no char device until vhost_vdpa is there", async () => {
    const host = createSimHost();
    await host.writeFile(NUM_VFS, "1");
    await run(host, "modprobe mlx5_vdpa");
    await addVdpa(host, [MACS[0]]);
    assert.equal(await host.exists("/dev/vhost-vdpa-0"), false);
    await run(host, "modprobe vhost_vdpa");
    assert.equal(await host.exists("/dev/vhost-vdpa-0"), true);
  });
});

describe("vdpa", () => {
  let host: SimHost;
  beforeEach(async () => {
    host = createSimHost();
    await makeVfs(host, 2);
  });
  const add = (rest: string) => tryRun(host, `vdpa dev add ${rest}`);

  it("offers 64 data queues and a control queue per VF", async () => {
    const mgmtdevs = await listMgmtdevs(host);
    assert.deepEqual(mgmtdevs[0], { handle: VF0, maxVqp: 32, canSetMac: true, canSetMaxVqp: true });
  });

  it("shows 2 x max_vqp + 1 queues, and 3 by default", async () => {
    await add(`name vdpa0 mgmtdev ${VF0} mac ${MACS[0]} max_vqp 16`);
    await add(`name vdpa1 mgmtdev ${VF1} mac ${MACS[1]}`);
    assert.deepEqual(await runJson(host, "vdpa -j dev show"), {
      dev: {
        vdpa0: { type: "network", mgmtdev: VF0, vendor_id: 5555, max_vqs: 33, max_vq_size: 256 },
        vdpa1: { type: "network", mgmtdev: VF1, vendor_id: 5555, max_vqs: 3, max_vq_size: 256 },
      },
    });
  });

  it("prints config keys with their trailing spaces", async () => {
    await add(`name vdpa0 mgmtdev ${VF0} mac ${MACS[0]} max_vqp 16`);
    assert.deepEqual(await runJson(host, "vdpa -j dev config show vdpa0"), {
      config: {
        vdpa0: {
          mac: MACS[0],
          "link ": "down",
          "link_announce ": false,
          max_vq_pairs: 16,
          mtu: 1500,
        },
      },
    });
  });

  it("shows negotiated features while a guest driver runs, and no longer", async () => {
    await addVdpa(host, [MACS[0]]);
    const features = async () => (await listVdpaDevices(host))[0]?.negotiatedFeatures;
    assert.equal(await features(), undefined);
    await startVm(host, "a", 0);
    assert.ok((await features())?.includes("VERSION_1"));
    host.killVm("a");
    assert.equal(await features(), undefined);
  });

  it("refuses a second device on a VF with ENOSPC and a taken name with EEXIST", async () => {
    await add(`name vdpa0 mgmtdev ${VF0} mac ${MACS[0]}`);
    assert.equal(
      (await add(`name vdpa9 mgmtdev ${VF0}`)).stderr,
      "kernel answers: No space left on device\n",
    );
    assert.equal((await add(`name vdpa0 mgmtdev ${VF1}`)).stderr, "kernel answers: File exists\n");
    const mac = parseMacAddress(MACS[1]);
    const options = { name: "vdpa9", mgmtdev: VF0, mac, maxVqp: 1 };
    await assert.rejects(addVdpaDevice(host, options), { reason: "VDPA_SLOT_TAKEN" });
  });

  it("refuses too many pairs, no pair, and an unknown mgmtdev", async () => {
    assert.equal(
      (await add(`name v mgmtdev ${VF0} max_vqp 33`)).stderr,
      "kernel answers: Invalid argument\n",
    );
    assert.match(
      (await add(`name v mgmtdev ${VF0} max_vqp 0`)).stderr,
      /^Error: vdpa: At least one pair of VQs is required.\n/,
    );
    assert.match(
      (await add("name v mgmtdev pci/0000:82:00.7")).stderr,
      /Fail to find the specified management device.\nkernel answers: No such device/,
    );
  });

  it("refuses attributes and features that the device does not have", async () => {
    const unsupported = createSimHost({ overrides: { vdpaAttributes: ["mac"] } });
    await makeVfs(unsupported, 1);
    const { stderr } = await tryRun(
      unsupported,
      `vdpa dev add name v mgmtdev ${VF0} mac ${MACS[0]} max_vqp 4`,
    );
    assert.match(stderr, /^Error: vdpa: Some provided attributes are not supported: 0x1000.\n/);
    assert.match(stderr, /kernel answers: Operation not supported/);
    assert.equal(
      (await add(`name v mgmtdev ${VF0} device_features 0x8000000000000000`)).stderr,
      "kernel answers: Invalid argument\n",
    );
    assert.match(await run(host, "dmesg"), /The provisioned features .* are not supported/);
  });

  it("gives char devices the lowest free minor, whatever the device is called", async () => {
    await add(`name first mgmtdev ${VF0} mac ${MACS[0]}`);
    await add(`name second mgmtdev ${VF1} mac ${MACS[1]}`);
    await run(host, "vdpa dev del first");
    await add(`name third mgmtdev ${VF0} mac ${MACS[0]}`);
    const paths = (await listVdpaDevices(host)).map(({ name, vhostPath }) => [name, vhostPath]);
    assert.deepEqual(paths, [
      ["second", "/dev/vhost-vdpa-1"],
      ["third", "/dev/vhost-vdpa-0"],
    ]);
  });

  it("does not delete a device that a VM holds until the VM has gone", async () => {
    await addVdpa(host, [MACS[0]]);
    await startVm(host, "a", 0);
    await assert.rejects(
      host.run({ argv: ["vdpa", "dev", "del", "vdpa0"], timeoutMs: 20 }),
      (error) =>
        error instanceof CommandError &&
        error.reason === "COMMAND_TIMED_OUT" &&
        error.retry === "observe-first",
    );
    host.killVm("a");
    assert.deepEqual(await listVdpaDevices(host), []);
  });

  it("says of a device that is gone that it was not found", async () => {
    const { stderr } = await tryRun(host, "vdpa dev del nope");
    assert.equal(stderr, "Error: vdpa: device not found.\nkernel answers: No such device\n");
  });

  it("answers vstats only while a driver runs", async () => {
    await addVdpa(host, [MACS[0]]);
    const query = "vdpa -j dev vstats show vdpa0 qidx 1";
    assert.match((await tryRun(host, query)).stderr, /feature negotiation not complete/);
    await startVm(host, "a", 0);
    assert.match(await run(host, query), /"queue_type":"tx"/);
    assert.equal(await host.exists(`/sys/bus/pci/devices/${PF}`), true);
  });
});
