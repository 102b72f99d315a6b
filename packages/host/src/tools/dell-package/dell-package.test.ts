import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostError } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { applyPackage, checkPackage } from "./dell-package.ts";

const PATH = "/var/lib/switchyard/artefacts/0123";

const apply = (reply: Reply, isForced = false) => {
  const host = createScriptedHost({
    commands: { [isForced ? `${PATH} -q -f` : `${PATH} -q`]: reply },
  });
  return applyPackage(host, PATH, { isForced });
};

describe("applyPackage", () => {
  it("takes the need of a reboot for success", async () => {
    const stdout = fixture(import.meta.url, "reboot-required.reference.txt");
    assert.deepEqual(await apply({ exitCode: 2, stdout }), { kind: "applied", needsReboot: true });
    assert.deepEqual(await apply({}, true), { kind: "applied", needsReboot: false });
  });

  it("tells a package that is not newer from one that failed", async () => {
    const stdout =
      "You must use the -f option to continue with the update in the noninteractive mode.\n";
    assert.deepEqual(await apply({ exitCode: 3, stdout }), { kind: "not-newer" });
  });

  it("gives each exit code the reason that programs tell apart", async () => {
    const reasons = [
      [1, "FIRMWARE_UPDATE_FAILED"],
      [4, "FIRMWARE_PREREQUISITE_MISSING"],
      [5, "FIRMWARE_IMAGE_UNSUITABLE"],
      [9, "ARTEFACT_CHECKSUM_WRONG"],
      [77, "FIRMWARE_UPDATE_FAILED"],
    ] as const;
    for (const [exitCode, reason] of reasons) await assert.rejects(apply({ exitCode }), { reason });
    const busy = { exitCode: 1, stderr: "Can not obtain Flash semaphore\n" };
    await assert.rejects(apply(busy), { reason: "FIRMWARE_BUSY" });
  });

  it("repeats the package's own words", async () => {
    const stdout =
      "Collecting inventory...\n....\nThis Update Package cannot be executed under the current operating system.\n";
    await assert.rejects(apply({ exitCode: 4, stdout }), (error) => {
      assert.ok(error instanceof HostError);
      assert.match(error.metadata["found"] ?? "", /current operating system/);
      return true;
    });
  });
});

describe("checkPackage", () => {
  it("makes the package executable and asks it, and writes nothing", async () => {
    const stdout =
      "This Update Package is not compatible with any of the devices detected in your system.\n";
    const host = createScriptedHost({
      commands: { [`chmod 0700 ${PATH}`]: {}, [`${PATH} -q -c`]: { exitCode: 5, stdout } },
    });
    await assert.rejects(checkPackage(host, PATH), { reason: "FIRMWARE_IMAGE_UNSUITABLE" });
    assert.deepEqual(host.ran, [`chmod 0700 ${PATH}`, `${PATH} -q -c`]);
  });
});
