import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type MachineOverrides } from "@switchyard/hostsim";
import { seededRandom } from "@switchyard/runtime";
import { assertStepProperties, stepContext } from "../../testing/step-properties.ts";
import { EXECUTORS } from "../executors.ts";

const OLD = "5.14.0-427.13.1.el9_4.x86_64";
const NEW = "5.14.0-427.42.1.el9_4.x86_64";
const ARGUMENTS = ["intel_iommu=on", "iommu=pt", "pci=nommconf,realloc"];

const bed = (overrides: MachineOverrides = {}) =>
  createSimHost({ random: seededRandom(1), overrides });

const dies = (program: string, ...words: string[]) =>
  ({
    match: { kind: "run", program, words },
    action: { kind: "fail", exitCode: 1, stderr: "Access denied" },
  }) as const;

const output = async (host: ReturnType<typeof bed>, ...argv: [string, ...string[]]) =>
  (await host.run({ argv })).stdout;

describe("ensureKernelArguments", () => {
  it("keeps the four properties on Rocky, and what other tools set", async () => {
    const host = bed({ kernelRelease: OLD, kernelArguments: "iommu=off pci=nommconf" });
    await host.run({ argv: ["dnf", "-y", "update", "kernel"] });
    await assertStepProperties({
      host,
      kind: "ensureKernelArguments",
      args: { family: "rhel", arguments: ARGUMENTS },
      look: async () => [
        await output(host, "grubby", "--info=ALL"),
        await host.readFile("/etc/default/grub"),
      ],
      failure: dies("grubby", "--update-kernel=ALL"),
    });
  });

  it("takes each entry back to its own where they differed", async () => {
    const host = bed({ kernelRelease: OLD, kernelArguments: "" });
    await host.run({ argv: ["dnf", "-y", "update", "kernel"] });
    await host.run({
      argv: ["grubby", `--update-kernel=/boot/vmlinuz-${OLD}`, "--args=iommu=off"],
    });
    await assertStepProperties({
      host,
      kind: "ensureKernelArguments",
      args: { family: "rhel", arguments: ["iommu=pt"] },
      look: () => output(host, "grubby", "--info=ALL"),
      failure: dies("grubby", "--update-kernel=ALL"),
    });
  });

  it("keeps the four properties on Debian", async () => {
    const host = bed({ distribution: "debian12", kernelArguments: "pci=noaer" });
    await assertStepProperties({
      host,
      kind: "ensureKernelArguments",
      args: { family: "debian", arguments: ["intel_iommu=on", "pci=realloc"] },
      look: async () => [
        await host.readFile("/boot/grub/grub.cfg"),
        await host.exists("/etc/default/grub.d/switchyard.cfg"),
      ],
      failure: dies("update-grub"),
    });
  });
});

describe("ensureDefaultKernel", () => {
  it("keeps the four properties", async () => {
    const host = bed({ kernelRelease: OLD });
    await host.run({ argv: ["dnf", "-y", "update", "kernel"] });
    await assertStepProperties({
      host,
      kind: "ensureDefaultKernel",
      args: { family: "rhel", kernelRelease: OLD },
      look: () => output(host, "grubby", "--default-kernel"),
      failure: dies("grubby", `--set-default=/boot/vmlinuz-${OLD}`),
    });
  });

  it("refuses a kernel that has no entry", async () => {
    const executor = EXECUTORS.ensureDefaultKernel;
    assert.ok(executor.kind === "ensure");
    const args = { family: "rhel", kernelRelease: NEW } as const;
    const applied = executor.apply(stepContext(bed({ kernelRelease: OLD })), args, {});
    await assert.rejects(applied, { reason: "KERNEL_NOT_INSTALLED" });
  });
});

describe("ensureModulesAtBoot", () => {
  const look = (host: ReturnType<typeof bed>) => async () =>
    await host.readFile("/etc/modules-load.d/switchyard.conf").catch(() => "none");
  const refused = {
    match: { kind: "file", operation: "replace", pathEnd: "switchyard.conf" },
    action: { kind: "refuse", errno: "ENOSPC" },
  } as const;

  it("keeps the four properties where there was no file", async () => {
    const host = bed();
    await assertStepProperties({
      host,
      kind: "ensureModulesAtBoot",
      args: { modules: ["vhost_vdpa", "vfio-pci"] },
      look: look(host),
      failure: refused,
    });
  });

  it("keeps the four properties where there was one, and what it named", async () => {
    const host = bed();
    await host.replaceFile("/etc/modules-load.d/switchyard.conf", "nbd\n");
    await assertStepProperties({
      host,
      kind: "ensureModulesAtBoot",
      args: { modules: ["vhost_vdpa"] },
      look: look(host),
      failure: refused,
    });
    const executor = EXECUTORS.ensureModulesAtBoot;
    assert.ok(executor.kind === "ensure");
    const args = { modules: ["vhost_vdpa"] };
    const { state } = await executor.probe(stepContext(host), args);
    await executor.apply(stepContext(host), args, state);
    await host.reboot("a test");
    assert.match(await host.readFile("/proc/modules"), /^nbd [\s\S]*^vhost_vdpa /m);
  });
});

describe("ensureInitramfs", () => {
  const args = { family: "rhel", kernelRelease: NEW } as const;

  it("makes it anew once the modules changed, once", async () => {
    const host = bed();
    const executor = EXECUTORS.ensureInitramfs;
    assert.ok(executor.kind === "ensure" && executor.undo === undefined);
    const probe = () => executor.probe(stepContext(host), args);
    assert.equal((await probe()).isSatisfied, true);
    await host.run({ argv: ["depmod", "-a"] });
    const { state, isSatisfied } = await probe();
    assert.equal(isSatisfied, false);
    host.faults.add(dies("dracut"));
    const failed = executor.apply(stepContext(host), args, state);
    await assert.rejects(failed, { reason: "INITRAMFS_FAILED" });
    assert.equal((await probe()).isSatisfied, false);
    await executor.apply(stepContext(host), args, state);
    await executor.apply(stepContext(host), args, state);
    assert.equal((await probe()).isSatisfied, true);
  });

  it("makes that of Debian", async () => {
    const host = bed({ distribution: "debian12" });
    await host.run({ argv: ["depmod", "-a"] });
    const executor = EXECUTORS.ensureInitramfs;
    assert.ok(executor.kind === "ensure");
    const debian = { family: "debian", kernelRelease: "6.1.0-18-amd64" } as const;
    await executor.apply(stepContext(host), debian, {});
    assert.equal((await executor.probe(stepContext(host), debian)).isSatisfied, true);
  });
});
