import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import {
  createSimHost,
  type MachineOverrides,
  ofedArchiveFile,
  type SimHost,
  type SimOfedArchive,
} from "@switchyard/hostsim";
import { type DriverInstall, HostError, type StepArguments } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { findBuild } from "../../driver/builds.ts";
import { readDriverInfo } from "../../inventory/driver.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";
import { stepContext } from "../../testing/step-properties.ts";
import { ensureDriverInstalled } from "./ensure-driver-installed.ts";
import { ensureDriverLoaded } from "./ensure-driver-loaded.ts";

const KERNEL = "5.14.0-427.42.1.el9_4.x86_64";
const ARCHIVE = "/var/lib/switchyard/artefacts/ofed";
const OFED: Extract<DriverInstall, { kind: "mlnx-ofed" }> = {
  kind: "mlnx-ofed",
  release: "24.04-0.7.0.0",
  archivePath: ARCHIVE,
  distribution: "rhel9.4",
  extraFlags: [],
};
const PREREQUISITES = [
  "tcl",
  "tk",
  "perl",
  "autoconf",
  "lsof",
  "kernel-rpm-macros",
  "automake",
  "rpm-build",
  "libtool",
  "patch",
  "gcc-gfortran",
];

type Arguments = StepArguments["ensureDriverInstalled"];
const ARGS: Arguments = { driver: OFED, module: "mlx5_core", kernelRelease: KERNEL };
const LOADED = { module: "mlx5_core", version: "24.04-0.7.0" };

/** A host with the kernel's own driver and everything that a build needs. */
async function bed(
  overrides: MachineOverrides = {},
  archive: Partial<Omit<SimOfedArchive, "kind">> = {},
): Promise<SimHost> {
  const host = createSimHost({
    random: seededRandom(1),
    overrides: { hasOfed: false, ...overrides },
    files: { [ARCHIVE]: ofedArchiveFile(archive) },
  });
  await host.run({ argv: ["dnf", "-y", "install", ...PREREQUISITES] });
  return host;
}

const infoOf = (host: SimHost) =>
  readDriverInfo({ host, module: "mlx5_core", runningKernel: KERNEL });
const INSTALL = benchStep("ensureDriverInstalled", ARGS, false);
const LOAD = benchStep("ensureDriverLoaded", LOADED, false);

async function failureOf(host: SimHost, args: Arguments = ARGS): Promise<HostError> {
  const step = benchStep("ensureDriverInstalled", args, false);
  const { ended } = await createStepBench(host).run([step]);
  assert.equal(ended.state, "failed");
  return new HostError(ended.failure?.reason ?? "INVARIANT_BROKEN", ended.failure?.message ?? "");
}

describe("ensureDriverInstalled", () => {
  it("builds the driver once, keeps the log and leaves what runs alone", async () => {
    const host = await bed();
    const bench = createStepBench(host);
    const first = await bench.run([INSTALL]);
    assert.equal(first.ended.state, "succeeded");
    assert.equal(first.ended.result.changedSteps, 1);
    const info = await infoOf(host);
    assert.equal(info.release, "MLNX_OFED_LINUX-24.04-0.7.0.0");
    assert.deepEqual(info.onDisk, [{ kernelRelease: KERNEL, version: "24.04-0.7.0" }]);
    assert.deepEqual(info.loaded, { version: undefined });
    const build = await findBuild(host, KERNEL);
    assert.equal(build?.state, "installed");
    const log = await host.readFile(`${build?.logFolder}/driver-install.log`);
    assert.match(log, /Installation passed successfully/);
    assert.equal((await bench.run([INSTALL])).ended.result.changedSteps, 0);
  });

  it("counts what somebody installed by hand", async () => {
    const host = await bed({ hasOfed: true });
    const { ended } = await createStepBench(host).run([INSTALL]);
    assert.equal(ended.result.changedSteps, 0);
  });

  it("builds anew for other flags, and what was cut short", async () => {
    const host = await bed();
    const bench = createStepBench(host);
    await bench.run([INSTALL]);
    const flags = benchStep(
      "ensureDriverInstalled",
      { ...ARGS, driver: { ...OFED, extraFlags: ["--with-nvmf"] } },
      false,
    );
    assert.equal((await bench.run([flags])).ended.result.changedSteps, 1);
    const path = `/var/lib/switchyard/driver/${KERNEL}.json`;
    const cutShort = (await host.readFile(path)).replace('"installed"', '"building"');
    await host.replaceFile(path, cutShort);
    assert.equal((await bench.run([flags])).ended.result.changedSteps, 1);
  });

  it("runs no installer twice when the agent dies after it", async () => {
    const host = await bed();
    const killAt = { step: "ensureDriverInstalled", phase: "after-effect" } as const;
    const { ended } = await createStepBench(host).run([INSTALL], { killAt });
    assert.equal(ended.state, "succeeded");
    const installs = host.effects.filter(({ changed }) =>
      changed.some(({ object }) => object === `driver ${KERNEL}`),
    );
    assert.equal(installs.length, 1);
  });

  it("lets an installer that an agent before it started come to its end", async () => {
    const host = await bed({ driverBuildMs: 400 });
    const first = createStepBench(host).run([INSTALL]);
    await waitFor(() =>
      [...host.machine.boot.processes.values()].some(({ name }) => name === "mlnxofedinstall"),
    );
    const context = { ...stepContext(host), signal: AbortSignal.timeout(50) };
    assert.ok(ensureDriverInstalled.kind === "ensure");
    const { state } = await ensureDriverInstalled.probe(context, ARGS);
    await assert.rejects(ensureDriverInstalled.apply(context, ARGS, state), {
      reason: "DRIVER_INSTALL_FAILED",
    });
    assert.equal((await first).ended.state, "succeeded");
  });

  it("looks for what would fail half an hour later before it begins", async () => {
    const noHeaders = await bed({ packages: { absent: ["kernel-devel"] } });
    assert.equal((await failureOf(noHeaders)).reason, "KERNEL_HEADERS_MISSING");
    const secured = await bed({ hasSecureBoot: true });
    assert.equal((await failureOf(secured)).reason, "SECURE_BOOT_REFUSES_DRIVER");
    const locked = await bed({ kernelArguments: "lockdown=integrity" });
    assert.equal((await failureOf(locked)).reason, "SECURE_BOOT_REFUSES_DRIVER");
    assert.equal((await failureOf(await bed({ freeBytes: 1024 ** 3 }))).reason, "DISK_FULL");
    const other = { ...ARGS, kernelRelease: "5.14.0-503.el9.x86_64" };
    assert.equal((await failureOf(await bed(), other)).reason, "DRIVER_KERNEL_OTHER");
    for (const host of [noHeaders, secured]) {
      assert.equal(await findBuild(host, KERNEL), undefined);
    }
  });

  it("says why the installer failed, and remembers it", async () => {
    const newer = await bed({}, { kernels: ["5.14.0-362"] });
    const failure = await failureOf(newer);
    assert.equal(failure.reason, "DRIVER_BUILD_FAILED");
    const build = await findBuild(newer, KERNEL);
    assert.deepEqual([build?.state, build?.failure], ["failed", failure.message]);
    assert.equal(
      (await failureOf(await bed({}, { distribution: "rhel9.2" }))).reason,
      "DRIVER_ARCHIVE_UNSUITABLE",
    );
    const bare = createSimHost({
      overrides: { hasOfed: false },
      files: { [ARCHIVE]: ofedArchiveFile() },
    });
    assert.equal((await failureOf(bare)).reason, "DRIVER_PREREQUISITE_MISSING");
  });

  it("has what came before taken back when it fails, and stays when something after it fails", async () => {
    const host = await bed({}, { kernels: ["5.14.0-362"] });
    const link = benchStep("ensureLinkState", {
      link: { kind: "netdev", netdev: "enp130s0f0np0" },
      isUp: true,
    });
    const before = host.machine.boot.netdevs.get("enp130s0f0np0")?.isUp;
    const { ended } = await createStepBench(host).run([link, INSTALL]);
    assert.equal(ended.failure?.reason, "DRIVER_BUILD_FAILED");
    assert.equal(host.machine.boot.netdevs.get("enp130s0f0np0")?.isUp, before);

    const good = await bed();
    const after = await createStepBench(good).run([INSTALL, FAILING_STEP]);
    assert.equal(after.ended.state, "failed");
    assert.match(after.ended.result.leftState ?? "", /Still in effect: ensureDriverInstalled/);
    assert.equal((await infoOf(good)).release, "MLNX_OFED_LINUX-24.04-0.7.0.0");
  });

  it("brings the kernel's own driver back", async () => {
    const host = await bed({ hasOfed: true });
    const inbox = benchStep("ensureDriverInstalled", { ...ARGS, driver: { kind: "inbox" } }, false);
    const bench = createStepBench(host);
    assert.equal((await bench.run([inbox])).ended.result.changedSteps, 1);
    const info = await infoOf(host);
    assert.deepEqual([info.release, info.onDisk[0]?.version], [undefined, undefined]);
    assert.equal((await bench.run([inbox])).ended.result.changedSteps, 0);
  });
});

describe("ensureDriverLoaded", () => {
  it("loads the driver on disk once, and takes VFs and modes with it", async () => {
    const host = await bed();
    const bench = createStepBench(host);
    await bench.run([INSTALL]);
    await host.writeFile("/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs", "2");
    const { ended } = await bench.run([LOAD]);
    assert.equal(ended.state, "succeeded");
    assert.deepEqual((await infoOf(host)).loaded, { version: "24.04-0.7.0" });
    const count = await host.readFile("/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs");
    assert.equal(count, "0\n");
    assert.equal((await bench.run([LOAD])).ended.result.changedSteps, 0);
  });

  it("loads once, wherever the agent is killed", async () => {
    for (const phase of ["after-intent", "after-effect", "after-done"] as const) {
      const host = await bed();
      await createStepBench(host).run([INSTALL]);
      const killAt = { step: "ensureDriverLoaded", phase } as const;
      assert.equal((await createStepBench(host).run([LOAD], { killAt })).ended.state, "succeeded");
      const loads = host.effects.filter(({ changed }) =>
        changed.some(({ object }) => object === "loaded driver"),
      );
      assert.equal(loads.length, 1, phase);
    }
  });

  it("is needed after a boot whose initramfs holds the driver of before", async () => {
    const host = await bed();
    await createStepBench(host).run([INSTALL]);
    await host.reboot("a test");
    assert.deepEqual((await infoOf(host)).loaded, { version: undefined });
    assert.equal((await createStepBench(host).run([LOAD])).ended.result.changedSteps, 1);
  });

  it("is not needed after a boot whose initramfs holds what is on disk", async () => {
    const host = await bed();
    await createStepBench(host).run([INSTALL]);
    await host.run({ argv: ["dracut", "-f"] });
    await host.reboot("a test");
    assert.equal((await createStepBench(host).run([LOAD])).ended.result.changedSteps, 0);
  });

  it("says what keeps the driver from being unloaded", async () => {
    const host = await bed({ driverHolders: ["nvme_core", "nvme_fabrics"] });
    const { ended } = await createStepBench(host).run([INSTALL, LOAD]);
    assert.equal(ended.failure?.reason, "DRIVER_IN_USE");
    assert.match(ended.failure?.message ?? "", /nvme_core nvme_fabrics/);
  });

  it("refuses to cut the management path", async () => {
    const host = await bed({
      management: { netdev: "enp130s0f0np0", cidr: "10.20.0.9/16", gateway: "10.20.0.1" },
    });
    await createStepBench(host).run([INSTALL]);
    assert.ok(ensureDriverLoaded.kind === "ensure");
    const context = stepContext(host);
    const { state } = await ensureDriverLoaded.probe(context, LOADED);
    await assert.rejects(ensureDriverLoaded.apply(context, LOADED, state), {
      reason: "MANAGEMENT_PATH_AT_RISK",
    });
  });
});

describe("the archive", () => {
  it("is what its checksum says, so that builds of other bytes differ", () => {
    const sum = (text: string) => createHash("sha256").update(text).digest("hex");
    assert.notEqual(sum(ofedArchiveFile()), sum(ofedArchiveFile({ distribution: "rhel9.2" })));
  });
});
