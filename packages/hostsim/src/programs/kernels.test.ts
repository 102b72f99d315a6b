import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@switchyard/runtime";
import { createSimHost } from "../fleet.ts";
import type { MachineOverrides } from "../machine/spec.ts";

const OLD = "5.14.0-427.13.1.el9_4.x86_64";
const NEW = "5.14.0-427.42.1.el9_4.x86_64";

function bed(overrides: MachineOverrides = {}) {
  const host = createSimHost({ random: seededRandom(1), overrides });
  const run = async (...argv: [string, ...string[]]) => await host.run({ argv });
  const output = async (...argv: [string, ...string[]]) => (await run(...argv)).stdout;
  const commandLine = async () => (await host.readFile("/proc/cmdline")).trim();
  return { host, run, output, commandLine };
}

describe("grubby of a simulated Rocky host", () => {
  it("changes all entries at once, and the running kernel with the next boot", async () => {
    const { host, run, output, commandLine } = bed({ kernelArguments: "" });
    assert.doesNotMatch(await commandLine(), /iommu/);
    await run("grubby", "--update-kernel=ALL", "--args=intel_iommu=on pci=realloc");
    assert.match(await output("grubby", "--info=ALL"), /args="ro .* intel_iommu=on pci=realloc"/);
    assert.doesNotMatch(await commandLine(), /iommu/);
    await host.reboot("a test");
    assert.match(await commandLine(), / ro .* intel_iommu=on pci=realloc$/);
    assert.match(await host.readFile("/etc/default/grub"), /intel_iommu=on pci=realloc/);
  });

  it("replaces the value of a key and removes by key or by word", async () => {
    const { run, output } = bed({ kernelArguments: "iommu=off pci=nommconf" });
    await run("grubby", "--update-kernel=ALL", "--args", "iommu=pt", "--remove-args=pci");
    const info = await output("grubby", "--info=DEFAULT");
    assert.match(info, /iommu=pt/);
    assert.doesNotMatch(info, /iommu=off|pci=/);
  });

  it("boots a kernel that was installed, with the arguments of the others", async () => {
    const { host, run, output, commandLine } = bed({ kernelRelease: OLD });
    assert.equal(await output("grubby", "--default-kernel"), `/boot/vmlinuz-${OLD}\n`);
    await run("dnf", "-y", "update", "kernel");
    assert.equal(await output("grubby", "--default-kernel"), `/boot/vmlinuz-${NEW}\n`);
    assert.equal(await output("uname", "-r"), `${OLD}\n`);
    await host.reboot("a test");
    assert.equal(await output("uname", "-r"), `${NEW}\n`);
    assert.match(await commandLine(), /intel_iommu=on iommu=pt/);
    await run("grubby", `--set-default=/boot/vmlinuz-${OLD}`);
    await host.reboot("a test");
    assert.equal(await output("uname", "-r"), `${OLD}\n`);
  });

  it("can be told to boot as it did before, whatever the menu says", async () => {
    const { host, run, commandLine } = bed({ kernelArguments: "", bootsFirstEntryAlways: true });
    await run("grubby", "--update-kernel=ALL", "--args=iommu=pt");
    await host.reboot("a test");
    assert.doesNotMatch(await commandLine(), /iommu=pt/);
  });
});

describe("update-grub of a simulated Debian host", () => {
  it("makes grub.cfg of the defaults, ours among them", async () => {
    const { host, run, commandLine } = bed({
      distribution: "debian12",
      kernelArguments: "pci=noaer",
    });
    const path = "/etc/default/grub.d/switchyard.cfg";
    await host.replaceFile(path, 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX iommu=pt"\n');
    assert.equal((await run("update-grub")).exitCode, 0);
    await host.reboot("a test");
    assert.match(await commandLine(), / ro pci=noaer iommu=pt quiet$/);
  });
});

describe("modules and the initramfs", () => {
  it("loads at boot what modules-load.d names", async () => {
    const { host } = bed();
    await host.replaceFile("/etc/modules-load.d/x.conf", "# x\nvhost_vdpa\nnot-there\n");
    assert.doesNotMatch(await host.readFile("/proc/modules"), /^vhost_vdpa /m);
    await host.reboot("a test");
    assert.match(await host.readFile("/proc/modules"), /^vhost_vdpa /m);
  });

  it("makes an initramfs for a kernel that is there, and says so of one that is not", async () => {
    const { run } = bed();
    assert.equal((await run("dracut", "-f")).exitCode, 0);
    assert.match((await run("dracut")).stderr, /Will not override existing initramfs/);
    const missing = await run("dracut", "-f", "/boot/initramfs-9.img", "9");
    assert.match(missing.stderr, /Cannot find module directory \/lib\/modules\/9\//);
  });
});
