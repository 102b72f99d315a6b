import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostError } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import {
  burnImage,
  findFirmwareTools,
  readFlint,
  readImage,
  readManagedDevice,
  readResetLevels,
} from "./mlxfw.ts";

const DEVICE = "0000:82:00.0";
const captured = (name: string): Reply => ({ stdout: fixture(import.meta.url, name) });
const withReply = (command: string, reply: Reply) =>
  createScriptedHost({ commands: { [command]: reply } });

describe("findFirmwareTools", () => {
  it("prefers NVIDIA's own tools, takes mstflint, and may find none", async () => {
    const both = { "mlxconfig -v": {}, "mstconfig -v": {} };
    assert.equal(await findFirmwareTools(createScriptedHost({ commands: both })), "mft");
    assert.equal(await findFirmwareTools(withReply("mstconfig -v", {})), "mstflint");
    assert.equal(await findFirmwareTools(createScriptedHost({})), undefined);
  });
});

describe("readFlint", () => {
  const command = `mstflint -d ${DEVICE} q full`;

  it("tells stored from running firmware, and that the card is secured", async () => {
    const host = withReply(command, captured("flint-query.reference.txt"));
    assert.deepEqual(await readFlint(host, "mstflint", DEVICE), {
      psid: "DEL0000000027",
      originalPsid: undefined,
      version: "22.39.1002",
      running: "22.27.6106",
      isSecure: true,
    });
  });

  it("takes the stored version for the running one when none is pending", async () => {
    const stdout = "FW Version:            22.39.1002\nPSID:                  DEL0000000027\n";
    const answer = await readFlint(withReply(command, { stdout }), "mstflint", DEVICE);
    assert.equal(answer.running, "22.39.1002");
    assert.equal(answer.isSecure, undefined);
  });

  it("finds a PSID that was burned over the board's own", async () => {
    const stdout = "PSID:                  MT_0000000359\nOrig PSID:             DEL0000000027\n";
    const answer = await readFlint(withReply(command, { stdout }), "mstflint", DEVICE);
    assert.equal(answer.originalPsid, "DEL0000000027");
  });

  it("tells a card that is not there from one that another tool holds", async () => {
    const absent = `-E- Cannot open Device: ${DEVICE}. No such file or directory\n`;
    const busy = `-E- Cannot open Device: ${DEVICE}. Can not lock semaphore\n`;
    for (const [stderr, reason] of [
      [absent, "DEVICE_ABSENT"],
      [busy, "FIRMWARE_BUSY"],
    ] as const) {
      const host = withReply(command, { exitCode: 1, stderr });
      await assert.rejects(readFlint(host, "mstflint", DEVICE), (error) => {
        assert.ok(error instanceof HostError);
        assert.equal(error.reason, reason);
        assert.equal(error.metadata["found"], stderr.trim());
        return true;
      });
    }
  });
});

describe("readImage", () => {
  it("refuses a file that is no image", async () => {
    const stderr = "-E- Failed to open image file: /a. Not a valid FW image\n";
    const host = withReply("flint -i /a q", { exitCode: 1, stderr });
    await assert.rejects(readImage(host, "mft", "/a"), { reason: "FIRMWARE_IMAGE_UNSUITABLE" });
  });
});

describe("readManagedDevice", () => {
  const command = `mlxfwmanager -d ${DEVICE} --query`;

  it("reads versions, and that no image matches as an answer", async () => {
    const host = withReply(command, captured("mlxfwmanager-query.reference.txt"));
    assert.deepEqual(await readManagedDevice(host, "mft", { device: DEVICE }), {
      pciName: DEVICE,
      psid: "DEL0000000027",
      stored: "22.39.1002",
      running: "22.27.6106",
      available: undefined,
      status: "No matching image found",
    });
  });

  it("says when there is no such card", async () => {
    const stderr =
      "-E- No devices found or specified, mst might be stopped, run 'mst start' to load MST modules\n";
    const host = withReply(command, { exitCode: 20, stderr });
    await assert.rejects(readManagedDevice(host, "mft", { device: DEVICE }), {
      reason: "DEVICE_ABSENT",
    });
  });
});

describe("readResetLevels", () => {
  it("reads which levels the card supports, without the types", async () => {
    const command = `mstfwreset -d ${DEVICE} query`;
    const host = withReply(command, captured("mlxfwreset-query.reference.txt"));
    const levels = await readResetLevels(host, "mstflint", DEVICE);
    assert.deepEqual(
      levels.filter(({ isSupported }) => isSupported).map(({ level }) => level),
      [3, 4],
    );
    assert.deepEqual(
      levels.find(({ isDefault }) => isDefault),
      { level: 3, isSupported: true, isDefault: true },
    );
    assert.equal(levels.length, 5);
  });
});

describe("burnImage", () => {
  const command = `flint -d ${DEVICE} -i /a -y burn`;
  const burn = (stderr: string) =>
    burnImage(withReply(command, { exitCode: 7, stderr }), "mft", { device: DEVICE, image: "/a" });

  it("gives each refusal the reason that programs tell apart", async () => {
    const refusals = [
      [
        "-E- Burning FS4 image failed: Changing PSID is unsupported under Secure FW\n",
        "FIRMWARE_SECURE_CONFLICT",
      ],
      [
        "-E- PSID mismatch. The PSID on flash (DEL0000000027) differs from the PSID in the given image (MT_0000000359).\n",
        "PSID_MISMATCH",
      ],
      ["-E- Burning FS4 image failed: Can not obtain Flash semaphore\n", "FIRMWARE_BUSY"],
      ["-E- Burning FS4 image failed: Bad parameter\n", "FIRMWARE_UPDATE_FAILED"],
    ] as const;
    for (const [stderr, reason] of refusals) await assert.rejects(burn(stderr), { reason });
  });
});
