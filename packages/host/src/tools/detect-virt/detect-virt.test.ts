import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readOuterVirtualization } from "./detect-virt.ts";

describe("readOuterVirtualization", () => {
  it("is systemd's word, also with the status that none has", async () => {
    const read = (stdout: string, exitCode = 0) =>
      readOuterVirtualization(
        createScriptedHost({ commands: { "systemd-detect-virt": { stdout, exitCode } } }),
      );
    assert.equal(await read("none\n", 1), "none");
    assert.equal(await read("kvm\n"), "kvm");
  });

  it("is the CPU's on a machine without systemd, and unknown where that has no flags", async () => {
    const read = (cpuinfo: string) =>
      readOuterVirtualization(createScriptedHost({ files: { "/proc/cpuinfo": cpuinfo } }));
    assert.equal(await read("processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n"), "vm-other");
    assert.equal(await read("processor\t: 0\nflags\t\t: fpu vme vmx\n"), "none");
    assert.equal(await read("processor\t: 0\n"), undefined);
  });
});
