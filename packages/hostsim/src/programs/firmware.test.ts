import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "../fleet.ts";
import { powerCycle } from "../machine/boot.ts";
import type { MachineOverrides } from "../machine/spec.ts";
import { archiveFile, dellPackageFile, flashImageFile } from "./firmware-files.ts";

const DEVICE = "0000:82:00.0";
const NEW = { psid: "DEL0000000027", version: "22.39.10.02" };
const OLD = { firmware: "22.27.61.06" };
const FILES = {
  "/fw/nic.BIN": dellPackageFile(NEW),
  "/fw/old.BIN": dellPackageFile({ ...NEW, version: "22.20.10.00" }),
  "/fw/other.BIN": dellPackageFile({ ...NEW, psid: "DEL0000000004" }),
  "/fw/nic.bin": flashImageFile(NEW),
  "/fw/nvidia.bin": flashImageFile({ ...NEW, psid: "MT_0000000359" }),
  "/fw/stone.bin": flashImageFile({ ...NEW, requires: "22.30.10.00" }),
  "/fw/all.mfa": archiveFile([NEW, { ...NEW, psid: "MT_0000000359" }]),
};

function bed(overrides: MachineOverrides = OLD) {
  const host = createSimHost({ overrides, files: FILES });
  for (const path of Object.keys(FILES)) host.machine.files.setMode(path, 0o700);
  const run = (...argv: [string, ...string[]]) => host.run({ argv });
  const read = (path: string) => host.readFile(path);
  const { firmware } = host.machine;
  return { host, run, read, firmware };
}

describe("a Dell update package", () => {
  it("stores its image and asks for a reboot, after which it runs", async () => {
    const { run, host, firmware } = bed();
    const { exitCode, stdout } = await run("/fw/nic.BIN", "-q");
    assert.equal(exitCode, 2);
    assert.match(stdout, /Installed version: 22\.27\.61\.06/);
    assert.deepEqual([firmware.running, firmware.stored], ["22.27.6106", "22.39.1002"]);
    await host.reboot("firmware");
    assert.equal(firmware.running, "22.39.1002");
  });

  it("writes nothing for another card, for what is not newer, when it only checks or can't ask", async () => {
    const { run, firmware } = bed();
    const codes = [
      (await run("/fw/other.BIN", "-q")).exitCode,
      (await run("/fw/other.BIN", "-q", "-f")).exitCode,
      (await run("/fw/old.BIN", "-q")).exitCode,
      (await run("/fw/nic.BIN", "-q", "-c")).exitCode,
      (await run("/fw/nic.BIN")).exitCode,
    ];
    assert.deepEqual(codes, [5, 5, 3, 0, 1]);
    assert.equal(firmware.stored, "22.27.6106");
    assert.equal((await run("/fw/old.BIN", "-q", "-f")).exitCode, 2);
    assert.equal(firmware.stored, "22.20.1000");
  });

  it("is no program until it may be executed", async () => {
    const { run, host } = bed();
    host.machine.files.setMode("/fw/nic.BIN", 0o600);
    await assert.rejects(run("/fw/nic.BIN", "-q"), { reason: "COMMAND_NOT_STARTED" });
    await run("chmod", "0700", "/fw/nic.BIN");
    assert.equal((await run("/fw/nic.BIN", "-q")).exitCode, 2);
  });
});

describe("flint", () => {
  it("shows stored and running firmware apart until the next boot", async () => {
    const { run, host } = bed();
    const query = async () => (await run("flint", "-d", DEVICE, "q", "full")).stdout;
    assert.doesNotMatch(await query(), /Running/);
    assert.equal((await run("flint", "-d", DEVICE, "-i", "/fw/nic.bin", "-y", "burn")).exitCode, 0);
    assert.match(
      await query(),
      /^FW Version: {12}22\.39\.1002\nFW Version\(Running\): {3}22\.27\.6106$/m,
    );
    await host.reboot("firmware");
    assert.doesNotMatch(await query(), /Running/);
  });

  it("refuses an image of another PSID, on a secured card for that reason", async () => {
    const burn = ["-d", DEVICE, "-i", "/fw/nvidia.bin", "-y", "burn"] as const;
    const secured = await bed().run("flint", ...burn);
    assert.match(secured.stderr, /Changing PSID is unsupported under Secure FW/);
    const open = bed({ ...OLD, isSecured: false });
    assert.match((await open.run("flint", ...burn)).stderr, /PSID mismatch/);
    assert.equal(open.firmware.stored, "22.27.6106");
  });

  it("can't take an image that needs newer firmware than runs", async () => {
    const { run } = bed();
    const { stderr } = await run("flint", "-d", DEVICE, "-i", "/fw/stone.bin", "-y", "burn");
    assert.match(stderr, /Bad parameter/);
  });

  it("gets no semaphore while another tool holds the flash", async () => {
    const { run, firmware } = bed();
    firmware.isHeld = true;
    assert.match((await run("flint", "-d", DEVICE, "q")).stderr, /semaphore/);
    assert.match((await run("mlxconfig", "-d", DEVICE, "q")).stderr, /semaphore/);
  });
});

describe("mlxfwmanager", () => {
  it("finds the image for the card in an archive, and none without one", async () => {
    const { run, firmware } = bed();
    const alone = await run("mlxfwmanager", "-d", DEVICE, "--query");
    assert.match(alone.stdout, /No matching image found/);
    const query = ["-d", DEVICE, "-i", "/fw/all.mfa", "--query"] as const;
    assert.match((await run("mlxfwmanager", ...query)).stdout, /Update required/);
    const update = ["-d", DEVICE, "-i", "/fw/all.mfa", "-y", "-u"] as const;
    assert.match((await run("mlxfwmanager", ...update)).stdout, /Restart needed/);
    assert.equal(firmware.stored, "22.39.1002");
    assert.match((await run("mlxfwmanager", ...update)).stdout, /No updates performed/);
  });
});

describe("a card that keeps standby power", () => {
  it("runs its old firmware after a warm reboot and the new one after a cold start", async () => {
    const { run, host, firmware } = bed({ ...OLD, firmwareWaitsForColdCycle: true });
    await run("/fw/nic.BIN", "-q");
    await host.reboot("firmware");
    assert.equal(firmware.running, "22.27.6106");
    assert.match((await run("mlxfwreset", "-d", DEVICE, "query")).stdout, /5: Cold.*-Yes/);
    powerCycle(host.machine, "cold");
    assert.equal(firmware.running, "22.39.1002");
  });
});

describe("mlxconfig", () => {
  const total = "/sys/bus/pci/devices/0000:82:00.0/sriov_totalvfs";

  it("sets for the next boot, which changes sriov_totalvfs", async () => {
    const { run, read, host } = bed();
    assert.equal(await read(total), "16\n");
    const set = await run("mlxconfig", "-d", DEVICE, "-y", "set", "NUM_OF_VFS=32");
    assert.match(set.stdout, /Applying\.\.\. Done!\n-I- Please reboot machine/);
    const query = await run("mlxconfig", "-d", DEVICE, "-e", "q", "NUM_OF_VFS");
    assert.match(query.stdout, /^\* +NUM_OF_VFS +0 +16 +32$/m);
    assert.equal(await read(total), "16\n");
    await host.reboot("config");
    assert.equal(await read(total), "32\n");
  });

  it("allows no VF while SR-IOV is off in firmware, until that is set and booted", async () => {
    const { run, read, host } = bed({ isSriovEnabled: false });
    assert.equal(await read(total), "0\n");
    await run("mlxconfig", "-d", DEVICE, "-y", "set", "SRIOV_EN=True");
    assert.equal(await read(total), "0\n");
    await host.reboot("config");
    assert.equal(await read(total), "16\n");
  });

  it("refuses a whole call for one name, one value or one question it can't take", async () => {
    const { run, host } = bed();
    for (const [words, refusal] of [
      [["NUM_OF_VFS=8", "LINK_TYPE_P1=2"], /doesn't support LINK_TYPE_P1 parameter/],
      [["NUM_OF_VFS=8", "UEFI_HII_EN=0"], /read only/],
      [["NUM_OF_VFS=9999"], /Failed to parse value 9999/],
    ] as const) {
      const { exitCode, stderr } = await run("mlxconfig", "-d", DEVICE, "-y", "set", ...words);
      assert.equal(exitCode, 3);
      assert.match(stderr, refusal);
    }
    const unasked = await run("mlxconfig", "-d", DEVICE, "set", "NUM_OF_VFS=8");
    assert.match(unasked.stderr, /Aborted/);
    assert.deepEqual(host.effects, []);
  });
});

describe("ibv_devinfo", () => {
  it("shows PSID and running firmware of each function", async () => {
    const { run, read } = bed();
    const { stdout } = await run("ibv_devinfo");
    assert.match(stdout, /hca_id:\tmlx5_1[\s\S]*board_id:\t\t\tDEL0000000027/);
    assert.equal(await read("/sys/class/infiniband/mlx5_0/fw_ver"), "22.27.6106\n");
  });
});
