import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { readSecureBoot } from "./mokutil.ts";

describe("readSecureBoot", () => {
  const read = (reply: Reply) =>
    readSecureBoot(createScriptedHost({ commands: { "mokutil --sb-state": reply } }));

  it("tells on, off, without UEFI and unknown apart", async () => {
    assert.equal(await read({ stdout: "SecureBoot enabled\n" }), true);
    assert.equal(await read({ stdout: "SecureBoot disabled\n" }), false);
    const stderr = "EFI variables are not supported on this system\n";
    assert.equal(await read({ exitCode: 255, stderr }), false);
    assert.equal(await read({ exitCode: 1, stderr: "This system doesn't respond\n" }), undefined);
    assert.equal(await readSecureBoot(createScriptedHost({})), undefined);
  });
});
