import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listBootEntries, setDefaultKernel, setKernelArguments } from "./bootloader.ts";

const DEFAULT = "/boot/vmlinuz-5.14.0-427.42.1.el9_4.x86_64";
const GRUBBY = {
  "grubby --info=ALL": { stdout: fixture(import.meta.url, "grubby-info-all.reference.txt") },
  "grubby --default-kernel": { stdout: `${DEFAULT}\n` },
};

describe("listBootEntries", () => {
  it("reads grubby's entries and leaves the rescue entry out", async () => {
    const entries = await listBootEntries(createScriptedHost({ commands: GRUBBY }), "rhel");
    assert.deepEqual(
      entries.map(({ kernelRelease, isDefault }) => [kernelRelease, isDefault]),
      [
        ["5.14.0-427.42.1.el9_4.x86_64", true],
        ["5.14.0-427.13.1.el9_4.x86_64", false],
      ],
    );
    assert.deepEqual(entries[1]?.arguments, ["ro", "quiet", "iommu=pt"]);
    assert.equal(entries[0]?.arguments.at(-1), "$tuned_params");
  });

  it("reads a grub.cfg's kernels once each, not those for recovery", async () => {
    const text = fixture(import.meta.url, "grub-cfg.reference.txt");
    const host = createScriptedHost({ files: { "/boot/grub/grub.cfg": text } });
    assert.deepEqual(
      (await listBootEntries(host, "debian")).map((entry) => [
        entry.kernelRelease,
        entry.isDefault,
        entry.arguments.slice(1).join(" "),
      ]),
      [
        ["6.1.0-18-amd64", true, "ro iommu=pt quiet"],
        ["6.1.0-17-amd64", false, "ro quiet"],
      ],
    );
  });
});

describe("setKernelArguments", () => {
  it("gives grubby one word for all arguments, never a shell's text", async () => {
    const command = "grubby --update-kernel=ALL --args=iommu=pt pci=realloc";
    const host = createScriptedHost({ commands: { [command]: {} } });
    await setKernelArguments(host, "rhel", ["iommu=pt", "pci=realloc"]);
    assert.deepEqual(host.ran, [command]);
  });

  it("adds to GRUB's own defaults in a file of ours", async () => {
    const host = createScriptedHost({ commands: { "update-grub": {} } });
    await setKernelArguments(host, "debian", ["iommu=pt"]);
    assert.equal(
      host.files.get("/etc/default/grub.d/switchyard.cfg"),
      'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX iommu=pt"\n',
    );
  });

  it("says what the tool said", async () => {
    const reply = { exitCode: 1, stderr: "Access denied" };
    const host = createScriptedHost({
      commands: { "grubby --update-kernel=ALL --args=iommu=pt": reply },
    });
    await assert.rejects(setKernelArguments(host, "rhel", ["iommu=pt"]), {
      reason: "BOOTLOADER_CHANGE_FAILED",
      metadata: {
        argv: "grubby --update-kernel=ALL --args=iommu=pt",
        exitCode: "1",
        stderr: "Access denied",
      },
    });
  });
});

describe("setDefaultKernel", () => {
  it("names the kernels there are when it has no such one", async () => {
    const host = createScriptedHost({ commands: GRUBBY });
    await assert.rejects(setDefaultKernel(host, "rhel", "6.9"), { reason: "KERNEL_NOT_INSTALLED" });
  });
});
