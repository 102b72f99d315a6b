import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { boundErrorLog } from "@switchyard/host";
import type { SimHost } from "@switchyard/hostsim";
import { type ObservedVm, vmPaths } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { createTestbed, endAllLives, type Testbed, vmInSlot } from "../testing/testbed.ts";
import { readVms } from "./vms.ts";

async function withVm(): Promise<Testbed> {
  const bed = createTestbed();
  const { agent } = await bed.start();
  await bed.runJob(await bed.applyHost());
  assert.equal((await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) })).state, "succeeded");
  await agent.stop();
  return bed;
}

const seenAfter = async (fate: Parameters<SimHost["befallVm"]>[1]): Promise<ObservedVm> => {
  const { host } = await withVm();
  assert.ok(host.befallVm("vm-0", fate));
  const [vm] = await readVms(host, systemClock);
  assert.ok(vm !== undefined);
  return vm;
};

afterEach(endAllLives);

describe("the end of a VM, as its host shows it", () => {
  it("is told by nothing while it runs", async () => {
    const { host } = await withVm();
    const [vm] = await readVms(host, systemClock);
    assert.deepEqual([vm?.state, vm?.end], ["running", undefined]);
  });

  const CASES = [
    [{ kind: "shuts-down" }, "stopped", "shut-down", /the guest shut itself down/],
    [{ kind: "terminated", by: "pid 7 (kill)" }, "stopped", "terminated", /signal 15 from pid 7/],
    [{ kind: "out-of-memory" }, "failed", "out-of-memory", /Killed process \d+ \(sy-vm-0\)/],
    [
      { kind: "crashes", stderr: "qemu: no\nqemu: abort\n" },
      "failed",
      "crashed",
      /no; qemu: abort/,
    ],
    [{ kind: "killed" }, "failed", "killed", /ended without a word/],
    [{ kind: "panics" }, "failed", "panicked", /kernel panicked/],
    [{ kind: "disk-fails" }, "failed", "halted", /io-error/],
  ] as const;
  for (const [fate, state, kind, detail] of CASES) {
    it(`is told as ${kind}, with the words of whoever said so`, async () => {
      const vm = await seenAfter(fate);
      assert.deepEqual([vm.state, vm.end?.kind], [state, kind]);
      assert.match(vm.end?.detail ?? "", detail);
      assert.equal(vm.reason, vm.end?.detail);
    });
  }

  it("is told though QEMU said much: its log is emptied while it runs, and read from its end", async () => {
    const { host } = await withVm();
    const { errorLog } = vmPaths("vm-0");
    await host.replaceFile(errorLog, "warning\n".repeat(10_000));
    await boundErrorLog(host, "vm-0");
    assert.equal(await host.readFile(errorLog), "");
    const stderr = `${"warning\n".repeat(2_000)}qemu: the last word\n`;
    host.befallVm("vm-0", { kind: "crashes", stderr });
    const [vm] = await readVms(host, systemClock);
    assert.match(vm?.end?.detail ?? "", /the last word$/);
    assert.ok((vm?.end?.detail.length ?? 0) < 100);
  });
});
