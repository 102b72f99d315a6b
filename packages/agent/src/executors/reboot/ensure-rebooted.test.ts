import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "@switchyard/host";
import { CommandError, HostError, type RebootEffect } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { StepContext } from "../executor.ts";
import { ensureRebooted } from "./ensure-rebooted.ts";

const WANTED: RebootEffect = {
  kind: "kernel-arguments",
  needsColdCycle: false,
  present: ["intel_iommu=on", "iommu=pt"],
  absent: ["selinux=0"],
};
const ARGS = { reason: "kernel arguments", effects: [WANTED], isCold: false };

function contextOn(commandLine: string, signal = new AbortController().signal) {
  const host = createScriptedHost({ files: { "/proc/cmdline": `${commandLine}\n` } });
  const context = { host, observer: host, clock: new ManualClock(), signal };
  return { host, context: context as unknown as StepContext };
}

const verify = (context: StepContext) => {
  assert.ok(ensureRebooted.kind === "reboot");
  return ensureRebooted.verify(context, ARGS);
};

describe("ensureRebooted", () => {
  it("is done once the running kernel has the arguments, in whatever order", async () => {
    await verify(contextOn("BOOT_IMAGE=/vmlinuz iommu=pt quiet intel_iommu=on").context);
  });

  it("says which effect a boot did not have", async () => {
    const failed = verify(contextOn("ro intel_iommu=on selinux=0").context);
    await assert.rejects(failed, (error) => {
      assert.ok(error instanceof HostError);
      assert.equal(error.reason, "REBOOT_WITHOUT_EFFECT");
      assert.equal(error.metadata["needs"], "iommu=pt no selinux=0");
      return true;
    });
  });

  it("does not take a longer argument for the one wanted", async () => {
    const failed = verify(contextOn("intel_iommu=on,sm_on iommu=pt").context);
    await assert.rejects(failed, { reason: "REBOOT_WITHOUT_EFFECT" });
  });

  it("waits for the boot where the shutdown killed the request for it", async () => {
    const stopped = new AbortController();
    const { host, context } = contextOn("ro", stopped.signal);
    let asked = 0;
    host.reboot = async () => {
      asked += 1;
      throw new CommandError(
        "COMMAND_FAILED",
        "reboot ended with status 143",
        { argv: "reboot", exitCode: "143" },
        { retry: "observe-first" },
      );
    };
    assert.ok(ensureRebooted.kind === "reboot");
    const requested = ensureRebooted.request(context, ARGS);
    const ended = assert.rejects(requested, { name: "AbortError" });
    await waitFor(() => asked === 1);
    stopped.abort();
    await ended;
  });

  it("says so when the boot is refused", async () => {
    const { host, context } = contextOn("ro");
    const refusal = new CommandError("COMMAND_FAILED", "systemctl ended with status 1");
    host.reboot = () => Promise.reject(refusal);
    assert.ok(ensureRebooted.kind === "reboot");
    await assert.rejects(ensureRebooted.request(context, ARGS), refusal);
  });

  it("says so when the machine goes on running", async () => {
    const { host, context } = contextOn("ro");
    assert.ok(ensureRebooted.kind === "reboot");
    const requested = ensureRebooted.request(context, ARGS);
    const failed = assert.rejects(requested, { reason: "REBOOT_DID_NOT_HAPPEN" });
    await waitFor(() => host.ran.length === 1);
    await (context.clock as ManualClock).advance(15 * 60_000);
    await failed;
    assert.deepEqual(host.ran, ["reboot kernel arguments"]);
  });
});
