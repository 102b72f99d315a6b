import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { readRebootRequired } from "./reboot-required.ts";

describe("readRebootRequired of the RHEL family", () => {
  const read = (reply: Reply) =>
    readRebootRequired(createScriptedHost({ commands: { "needs-restarting -r": reply } }), "rhel");

  it("names what was updated", async () => {
    const stdout =
      "Core libraries or services have been updated since boot-up:\n  * glibc\n  * kernel-core\n\n" +
      "Reboot is required to fully utilize these updates.\nMore information: https://access.redhat.com/solutions/27943\n";
    assert.deepEqual(await read({ exitCode: 1, stdout }), ["glibc", "kernel-core"]);
  });

  it("is empty for nothing, and no answer is an error", async () => {
    const stdout =
      "No core libraries or services have been updated since boot-up.\nReboot should not be necessary.\n";
    assert.deepEqual(await read({ stdout }), []);
    await assert.rejects(read({ exitCode: 1, stderr: "Error: no plugin\n" }), {
      reason: "COMMAND_FAILED",
    });
  });
});

describe("readRebootRequired of the Debian family", () => {
  const read = (files: Readonly<Record<string, string>>) =>
    readRebootRequired(createScriptedHost({ files }), "debian");
  const required = "/run/reboot-required";

  it("names each package once", async () => {
    const files = {
      [required]: "*** System restart required ***\n",
      [`${required}.pkgs`]: "linux-image-6.1.0-21-amd64\nlibc6\nlibc6\n",
    };
    assert.deepEqual(await read(files), ["libc6", "linux-image-6.1.0-21-amd64"]);
    assert.deepEqual(await read({ [required]: "" }), ["a package"]);
  });

  it("is empty where a hook would have written the file, and unknown where there is none", async () => {
    assert.deepEqual(await read({ "/etc/kernel/postinst.d/unattended-upgrades": "" }), []);
    assert.equal(await read({}), undefined);
  });
});
