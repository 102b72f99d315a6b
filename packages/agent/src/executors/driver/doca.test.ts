import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, docaPackageFile, type SimHost } from "@switchyard/hostsim";
import type { DriverInstall, StepArguments } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { findBuild } from "../../driver/builds.ts";
import { readDriverInfo } from "../../inventory/driver.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

const KERNEL = "5.14.0-427.42.1.el9_4.x86_64";
const PACKAGE = "/var/lib/switchyard/artefacts/doca";
const PHASES = ["after-intent", "after-effect", "after-done"] as const;

const DOCA: DriverInstall = {
  kind: "doca-ofed",
  moduleVersion: "24.10-1.1.4",
  repositoryPath: PACKAGE,
  packages: ["doca-ofed"],
  family: "rhel",
};
const BACK: DriverInstall = {
  kind: "inbox",
  doca: { family: "rhel", packages: ["doca-host", "doca-ofed"] },
};

type Arguments = StepArguments["ensureDriverInstalled"];
const stepOf = (driver: DriverInstall) => {
  const args: Arguments = { driver, module: "mlx5_core", kernelRelease: KERNEL };
  return benchStep("ensureDriverInstalled", args, false);
};

const newHost = (): SimHost =>
  createSimHost({
    random: seededRandom(1),
    overrides: { hasOfed: false },
    files: { [PACKAGE]: docaPackageFile() },
  });

const infoOf = (host: SimHost) =>
  readDriverInfo({ host, module: "mlx5_core", runningKernel: KERNEL });

const hasPackage = async (host: SimHost, name: string): Promise<boolean> =>
  (await host.run({ argv: ["rpm", "-q", name] })).exitCode === 0;

describe("ensureDriverInstalled with DOCA-OFED", () => {
  it("installs it once and leaves what runs alone", async () => {
    const host = newHost();
    const bench = createStepBench(host);
    const { ended } = await bench.run([stepOf(DOCA)]);
    assert.deepEqual([ended.state, ended.result.changedSteps], ["succeeded", 1]);
    const info = await infoOf(host);
    assert.deepEqual(info.onDisk, [{ kernelRelease: KERNEL, version: "24.10-1.1.4" }]);
    assert.deepEqual(info.loaded, { version: undefined });
    assert.equal((await bench.run([stepOf(DOCA)])).ended.result.changedSteps, 0);
  });

  it("installs and removes it wherever the agent is killed", async () => {
    for (const phase of PHASES) {
      const host = newHost();
      const killAt = { step: "ensureDriverInstalled", phase } as const;
      const there = await createStepBench(host).run([stepOf(DOCA)], { killAt });
      assert.equal(there.ended.state, "succeeded", phase);
      const back = await createStepBench(host).run([stepOf(BACK)], { killAt });
      assert.equal(back.ended.state, "succeeded", phase);
      assert.equal(await hasPackage(host, "doca-ofed"), false, phase);
    }
  });

  it("goes on with what an agent before it left half done", async () => {
    const host = newHost();
    await createStepBench(host).run([stepOf(DOCA)]);
    const path = `/var/lib/switchyard/driver/${KERNEL}.json`;
    await host.replaceFile(path, (await host.readFile(path)).replace('"installed"', '"building"'));
    assert.equal((await createStepBench(host).run([stepOf(DOCA)])).ended.state, "succeeded");
    assert.equal((await findBuild(host, KERNEL))?.state, "installed");
  });

  it("goes on after the package manager failed at any of its calls", async () => {
    for (const word of ["/var/lib/switchyard/work/driver/doca-repository.rpm", "doca-ofed"]) {
      const host = newHost();
      host.faults.add({
        match: { kind: "run", program: "dnf", words: ["install", word] },
        action: { kind: "fail", exitCode: 1, stderr: "Error: rpmdb open failed\n" },
      });
      const first = await createStepBench(host).run([stepOf(DOCA)]);
      assert.equal(first.ended.failure?.reason, "DRIVER_INSTALL_FAILED", word);
      const build = await findBuild(host, KERNEL);
      assert.equal(build?.state, "failed");
      const log = await host.readFile(`${build?.logFolder}/driver-install.log`);
      assert.match(log, /rpmdb open failed/);
      assert.equal((await createStepBench(host).run([stepOf(DOCA)])).ended.state, "succeeded");
    }
  });

  it("removes DOCA's own packages where the vendor's script is gone with the driver", async () => {
    const host = newHost();
    await createStepBench(host).run([stepOf(DOCA)]);
    host.faults.add({
      match: { kind: "run", program: "dnf", words: ["remove"] },
      action: { kind: "fail", exitCode: 1, stderr: "Error: rpmdb open failed\n" },
    });
    const first = await createStepBench(host).run([stepOf(BACK)]);
    assert.equal(first.ended.failure?.reason, "DRIVER_INSTALL_FAILED");
    assert.equal((await infoOf(host)).release, undefined);
    assert.equal(await hasPackage(host, "doca-ofed"), true);
    const second = await createStepBench(host).run([stepOf(BACK)]);
    assert.deepEqual([second.ended.state, second.ended.result.changedSteps], ["succeeded", 1]);
    assert.equal(await hasPackage(host, "doca-ofed"), false);
    assert.equal(await findBuild(host, KERNEL), undefined);
  });

  it("stays when something after it fails, and is told", async () => {
    const host = newHost();
    const { ended } = await createStepBench(host).run([stepOf(DOCA), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.match(ended.result.leftState ?? "", /Still in effect: ensureDriverInstalled/);
  });
});
