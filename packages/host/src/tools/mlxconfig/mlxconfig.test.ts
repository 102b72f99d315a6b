import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { readFirmwareConfig, setFirmwareConfig } from "./mlxconfig.ts";

const DEVICE = "0000:82:00.0";
const QUERY = `mstconfig -d ${DEVICE} -e q`;
const SET = `mstconfig -d ${DEVICE} -y set NUM_OF_VFS=16 SRIOV_EN=1`;
const read = (reply: Reply) =>
  readFirmwareConfig(createScriptedHost({ commands: { [QUERY]: reply } }), "mstflint", DEVICE);
const set = (reply: Reply) =>
  setFirmwareConfig(createScriptedHost({ commands: { [SET]: reply } }), "mstflint", {
    device: DEVICE,
    values: { SRIOV_EN: "1", NUM_OF_VFS: "16" },
  });

describe("readFirmwareConfig", () => {
  it("reads default, current and next value, and which are read-only", async () => {
    const parameters = await read({ stdout: fixture(import.meta.url, "query.reference.txt") });
    assert.deepEqual(
      parameters.map(({ name }) => name),
      ["SRIOV_EN", "NUM_OF_VFS", "UCTX_EN", "HOST_CHAINING_MODE", "UEFI_HII_EN"],
    );
    assert.deepEqual(parameters[1], {
      name: "NUM_OF_VFS",
      default: "0",
      current: "8",
      nextBoot: "16",
      isReadOnly: false,
    });
    assert.equal(parameters.at(-1)?.isReadOnly, true);
  });

  it("reads an answer with the next value alone", async () => {
    const stdout = fixture(import.meta.url, "query-next-only.reference.txt");
    assert.deepEqual((await read({ stdout }))[0], {
      name: "SRIOV_EN",
      default: undefined,
      current: undefined,
      nextBoot: "True(1)",
      isReadOnly: false,
    });
  });

  it("says that a card has no configuration, or is not there", async () => {
    const none = "-E- Device doesn't support any configuration changes.\n";
    await assert.rejects(read({ exitCode: 3, stderr: none }), {
      reason: "FIRMWARE_CONFIG_UNSUPPORTED",
    });
    const absent = `-E- Failed to open device: ${DEVICE}. No such device\n`;
    await assert.rejects(read({ exitCode: 3, stderr: absent }), { reason: "DEVICE_ABSENT" });
    await assert.rejects(read({ stdout: "\n" }), { reason: "COMMAND_OUTPUT_UNREADABLE" });
  });
});

describe("setFirmwareConfig", () => {
  it("sets all in one call, in the order of the names", async () => {
    await assert.doesNotReject(set({}));
  });

  it("tells a name that the card does not know from a refusal", async () => {
    const stderr = "-E- The Device doesn't support NUM_OF_VFS parameter\n";
    await assert.rejects(set({ exitCode: 3, stderr }), {
      reason: "FIRMWARE_CONFIG_UNSUPPORTED",
    });
    const stdout = "Applying... Failed!\n-E- Failed to set configuration: ME_NOT_IN_SYNC\n";
    await assert.rejects(set({ exitCode: 3, stdout }), { reason: "FIRMWARE_CONFIG_REFUSED" });
  });
});
