import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Life, MachineOverrides } from "@switchyard/hostsim";
import type { HostDesired, SystemSpec } from "@switchyard/model";
import { createTestbed, DATAPATH, endAllLives, type Testbed } from "../testing/testbed.ts";

const OLD = "5.14.0-427.13.1.el9_4.x86_64";
const NEW = "5.14.0-427.42.1.el9_4.x86_64";

const SYSTEM: SystemSpec = {
  kernelArguments: ["intel_iommu=on", "iommu=pt", "pci=realloc"],
  disablesSelinux: false,
  repositories: [{ id: "epel", source: undefined }],
  packages: ["git", "htop"],
  updatesKernel: true,
  modulesAtBoot: ["vhost_vdpa", "vfio-pci"],
};
const DESIRED: HostDesired = { ...DATAPATH, system: SYSTEM };
/** As the installer leaves a host: its first kernel, no arguments, no headers. */
const BARE: MachineOverrides = {
  kernelRelease: OLD,
  kernelArguments: "",
  packages: { absent: ["kernel-devel"] },
};

const bed = (overrides: MachineOverrides = BARE) => createTestbed({ host: { overrides } });

/** Starts an agent now and after every boot, as systemd would. */
async function supervise(testbed: Testbed): Promise<void> {
  let life: Life | undefined;
  const start = async () => {
    life?.kill();
    await testbed.start({}, (_moment, own) => {
      life = own;
    });
  };
  testbed.host.subscribeReboots(() => void start());
  await start();
}

afterEach(endAllLives);

describe("a profile with a system section", () => {
  it("brings a freshly installed host to its datapath in one job, over one boot", async () => {
    const testbed = bed();
    const spec = await testbed.applyHost(DESIRED);
    await supervise(testbed);
    const { state, failure } = await testbed.runJob(spec);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    const { host } = testbed;
    assert.equal(await host.readFile("/proc/sys/kernel/osrelease"), `${NEW}\n`);
    assert.match(await host.readFile("/proc/cmdline"), /intel_iommu=on iommu=pt pci=realloc/);
    assert.match(await host.readFile("/proc/modules"), /^vfio_pci /m);
    const headers = await host.run({ argv: ["rpm", "-q", `kernel-devel-${NEW}`] });
    assert.equal(headers.exitCode, 0);
    assert.deepEqual(await testbed.rest(DESIRED), []);
  });

  it("stops with the explanation when the boot does not take the arguments", async () => {
    const testbed = bed({ ...BARE, kernelRelease: NEW, bootsFirstEntryAlways: true });
    const spec = await testbed.applyHost(DESIRED);
    await supervise(testbed);
    const { state, failure } = await testbed.runJob(spec);
    assert.notEqual(state, "succeeded");
    assert.equal(failure?.reason, "REBOOT_WITHOUT_EFFECT");
    assert.match(JSON.stringify(failure?.metadata), /intel_iommu=on/);
  });

  it("undoes what it did when a later step fails", async () => {
    const testbed = bed();
    const { host } = testbed;
    const look = async () => [
      (await host.run({ argv: ["grubby", "--info=ALL"] })).stdout,
      (await host.run({ argv: ["grubby", "--default-kernel"] })).stdout,
      await host.exists("/etc/modules-load.d/switchyard.conf"),
      (await host.run({ argv: ["dnf", "repolist"] })).stdout,
      (await host.run({ argv: ["rpm", "-q", "git", "htop", "kernel"] })).stdout,
    ];
    const before = await look();
    host.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "modules-load.d/switchyard.conf" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    const spec = await testbed.applyHost(DESIRED);
    await supervise(testbed);
    const { state, failure } = await testbed.runJob(spec);
    assert.deepEqual([state, failure?.reason], ["failed", "FILE_ACCESS_FAILED"]);
    assert.deepEqual(await look(), before);
  });

  it("says that a repository does not answer", async () => {
    const testbed = bed({
      ...BARE,
      packages: { absent: ["kernel-devel"], unreachable: ["baseos"] },
    });
    const spec = await testbed.applyHost(DESIRED);
    await supervise(testbed);
    const { state, failure } = await testbed.runJob(spec);
    assert.deepEqual([state, failure?.reason], ["failed", "PACKAGE_REPOSITORY_UNREACHABLE"]);
  });
});
