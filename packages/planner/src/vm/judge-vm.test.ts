import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Finding, Inventory, ObservedVm, VmEnd } from "@switchyard/model";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { judgeVm, type VmOnRecord } from "./judge-vm.ts";

const BOOT = "boot-1";
const record = (change: Partial<VmOnRecord> = {}): VmOnRecord => ({
  ...{ vm: "web-1", state: "running", bootId: BOOT, isAutostarted: false },
  ...change,
});
const hostWith = (vms: readonly ObservedVm[], change: Partial<Inventory> = {}): Inventory => ({
  ...buildBareR740(),
  ...{ bootId: BOOT, vms },
  ...change,
});
const seen = (state: ObservedVm["state"], end?: VmEnd): ObservedVm => ({
  ...{ vm: "web-1", state, pid: state === "running" ? 4242 : undefined, startedBy: undefined },
  ...{ nics: [], isGuestAgentUp: false, reason: end?.detail },
  ...(end !== undefined && { end }),
});
const ended = (kind: VmEnd["kind"], state: ObservedVm["state"] = "failed") =>
  hostWith([seen(state, { kind, detail: `it was ${kind}` })]);

describe("judgeVm", () => {
  it("leaves a VM that runs as it is on record", () => {
    assert.deepEqual(judgeVm(record(), hostWith([seen("running")])), { kind: "keep" });
  });

  it("keeps the boot in which a VM runs, and is news only where the state was another", () => {
    const host = hostWith([seen("running")]);
    assert.deepEqual(judgeVm(record({ bootId: undefined }), host), { kind: "runs", isNews: false });
    for (const state of ["stopped", "failed", "lost"] as const) {
      assert.deepEqual(judgeVm(record({ state }), host), { kind: "runs", isNews: true });
    }
  });

  it("calls a guest that powered off stopped, and not failed", () => {
    assert.deepEqual(judgeVm(record(), ended("shut-down", "stopped")), {
      kind: "stopped",
      reason: "it was shut-down",
    });
    assert.equal(judgeVm(record(), ended("terminated", "stopped")).kind, "stopped");
  });

  it("has a reason of its own for each end that is a failure", () => {
    for (const [kind, reason] of [
      ["out-of-memory", "VM_OUT_OF_MEMORY"],
      ["crashed", "VM_PROCESS_ENDED"],
      ["killed", "VM_PROCESS_ENDED"],
      ["panicked", "VM_GUEST_PANICKED"],
      ["halted", "VM_HALTED"],
    ] as const) {
      const verdict = judgeVm(record(), ended(kind));
      assert.ok(verdict.kind === "failed");
      assert.equal(verdict.failure.reason, reason);
      assert.equal(verdict.failure.metadata["found"], `it was ${kind}`);
    }
  });

  it("starts a VM again after a boot where that was asked for, and says else why it stands", () => {
    const booted = hostWith([], { bootId: "boot-2" });
    assert.deepEqual(judgeVm(record(), booted), { kind: "stopped", reason: "its host booted" });
    const verdict = judgeVm(record({ isAutostarted: true }), booted);
    assert.deepEqual(verdict, { kind: "start", reason: "its host booted" });
  });

  it("knows a boot also where its runtime remembers the VM", () => {
    const remembered = seen("stopped", { kind: "shut-down", detail: "libvirt: shut off" });
    const booted = hostWith([remembered], { bootId: "boot-2" });
    assert.deepEqual(judgeVm(record(), booted), { kind: "stopped", reason: "its host booted" });
  });

  it("never starts a VM by itself that was stopped, or that failed", () => {
    const booted = hostWith([], { bootId: "boot-2" });
    for (const state of ["stopped", "failed"] as const) {
      const verdict = judgeVm(record({ state, isAutostarted: true }), booted);
      assert.deepEqual(verdict, { kind: "keep" });
    }
  });

  it("leaves a VM alone while a job is at work on it", () => {
    for (const state of ["starting", "stopping", "deleting", "moving"] as const) {
      assert.deepEqual(judgeVm(record({ state }), hostWith([])), { kind: "keep" });
    }
  });

  it("believes no inventory that could not read VMs", () => {
    const unread: Finding = {
      reason: "FILE_ACCESS_FAILED",
      severity: "error",
      message: "VMs could not be read",
      ...{ found: "EIO", needs: "an answer", fix: "Look at the host", unread: "VMs" },
    };
    const blind = hostWith([], { findings: [unread] });
    assert.deepEqual(judgeVm(record(), blind), { kind: "keep" });
  });
});
