import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listDomains } from "./domains.ts";

const COMMAND = "virsh --connect qemu:///system --readonly list --all";

describe("listDomains", () => {
  it("gives every domain with its state, running or not", async () => {
    const stdout = [
      " Id   Name        State",
      "----------------------------",
      " 3    vm one      running",
      " -    vm-two      shut off",
      "",
    ].join("\n");
    const host = createScriptedHost({ commands: { [COMMAND]: { stdout } } });
    assert.deepEqual(await listDomains(host), [
      { name: "vm one", state: "running" },
      { name: "vm-two", state: "shut off" },
    ]);
  });

  it("knows of none where libvirt has none, and of nothing where it is not installed", async () => {
    const stdout = " Id   Name   State\n--------------------\n\n";
    assert.deepEqual(
      await listDomains(createScriptedHost({ commands: { [COMMAND]: { stdout } } })),
      [],
    );
    assert.equal(await listDomains(createScriptedHost({})), undefined);
  });

  it("fails where the daemon does not answer", async () => {
    const stderr = "error: failed to connect to the hypervisor\n";
    const host = createScriptedHost({ commands: { [COMMAND]: { exitCode: 1, stderr } } });
    await assert.rejects(listDomains(host), { reason: "COMMAND_FAILED" });
  });
});
