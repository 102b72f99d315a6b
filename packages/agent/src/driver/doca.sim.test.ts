import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, describe, it } from "node:test";
import {
  type DocaRelease,
  docaPackageFile,
  FRESH_R740,
  type MachineOverrides,
} from "@switchyard/hostsim";
import {
  type HostDesired,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
} from "@switchyard/model";
import { readDriverInfo } from "../inventory/driver.ts";
import { createTestbed, endAllLives, type Testbed, TORN_DOWN } from "../testing/testbed.ts";
import { findBuild } from "./builds.ts";

afterEach(endAllLives);

const KERNEL = "5.14.0-427.42.1.el9_4.x86_64";
const PACKAGE = "/srv/doca-host-2.9.1-018000_24.10_rhel94.x86_64.rpm";
const MODULE_VERSION = "24.10-1.1.4";
const INBOX: HostDesired = { ...TORN_DOWN, driver: { kind: "inbox" } };

function wishDoca(text: string, moduleVersion = MODULE_VERSION): HostDesired {
  const repository = {
    source: parseArtefactSource(PACKAGE),
    sha256: parseSha256(createHash("sha256").update(text).digest("hex")),
    sizeBytesMax: LIMITS_OF_ARTEFACTS.driverBytesMax,
  };
  const driver = { kind: "doca-ofed", moduleVersion, repository, packages: ["doca-ofed"] } as const;
  return { ...TORN_DOWN, driver };
}

interface Bed extends Testbed {
  readonly desired: HostDesired;
}

/** A host without any vendor's driver, with an agent that is started again after every boot. */
async function fresh(
  overrides: MachineOverrides = {},
  release: Partial<DocaRelease> = {},
): Promise<Bed> {
  const text = docaPackageFile(release);
  const bed = createTestbed({
    host: { overrides: { ...FRESH_R740, ...overrides }, files: { [PACKAGE]: text } },
  });
  let { life } = await bed.start();
  bed.host.subscribeReboots(() => {
    life.kill();
    void bed.start().then((next) => {
      life = next.life;
    });
  });
  return { ...bed, desired: wishDoca(text) };
}

async function apply(bed: Bed, desired: HostDesired = bed.desired) {
  return bed.runJob(await bed.applyHost(desired));
}

async function succeed(bed: Bed, desired: HostDesired = bed.desired): Promise<void> {
  const { state, failure } = await apply(bed, desired);
  assert.deepEqual([state, failure], ["succeeded", undefined]);
  assert.deepEqual(await bed.rest(desired), []);
}

const infoOf = ({ host }: Bed) =>
  readDriverInfo({ host, module: "mlx5_core", runningKernel: KERNEL });

async function docaPackagesOf({ host }: Bed): Promise<readonly string[]> {
  const { stdout } = await host.run({ argv: ["rpm", "-qa", "--qf", "%{NAME}\\n"] });
  return stdout.split("\n").filter((name) => /^doca-|mlnx|ofed/.test(name));
}

describe("a host that is to run DOCA-OFED", () => {
  it("goes from the kernel's own driver to DOCA-OFED and back, each by one job", async () => {
    const bed = await fresh();
    await succeed(bed);
    const there = await infoOf(bed);
    assert.deepEqual(there.loaded, { version: MODULE_VERSION });
    assert.deepEqual(there.onDisk, [{ kernelRelease: KERNEL, version: MODULE_VERSION }]);
    assert.equal(bed.host.machine.bootCount, 1);

    await succeed(bed, INBOX);
    const back = await infoOf(bed);
    assert.deepEqual(back.loaded, { version: undefined });
    assert.deepEqual([back.release, back.builds], [undefined, []]);
    assert.deepEqual(await docaPackagesOf(bed), []);
    assert.equal(bed.host.machine.bootCount, 2);

    await succeed(bed);
    assert.deepEqual((await infoOf(bed)).loaded, { version: MODULE_VERSION });
  });

  it("has the driver in its initramfs, so that a boot loads it", async () => {
    const bed = await fresh();
    await succeed(bed);
    await bed.host.reboot("a test");
    assert.deepEqual((await infoOf(bed)).loaded, { version: MODULE_VERSION });
    assert.deepEqual(await bed.rest(bed.desired), []);
  });

  it("boots for the driver where the management path is on the NIC", async () => {
    const management = { netdev: "enp130s0f1np1", cidr: "10.20.0.9/16", gateway: "10.20.0.1" };
    const bed = await fresh({ management });
    await succeed(bed);
    assert.equal(bed.host.machine.bootCount, 2);
  });

  it("keeps the result for its kernel, and what the package manager said", async () => {
    const bed = await fresh();
    await succeed(bed);
    const build = await findBuild(bed.host, KERNEL);
    assert.deepEqual([build?.state, build?.release], ["installed", MODULE_VERSION]);
    const log = await bed.host.readFile(`${build?.logFolder}/driver-install.log`);
    assert.match(log, /Installed:\n {2}doca-host-2\.9\.1[\s\S]*Installed:\n {2}doca-ofed-2\.9\.1/);
  });

  it("is told that the modules do not fit its kernel, and what is left of the job", async () => {
    const bed = await fresh({}, { kernels: ["5.14.0-362"] });
    const { state, failure, result } = await apply(bed);
    assert.deepEqual([state, failure?.reason], ["failed", "DRIVER_BUILD_FAILED"]);
    assert.match(failure?.message ?? "", /mlx5_core of 5\.14\.0-427\S+ is still the kernel's own/);
    assert.match(result.leftState ?? "", /^Still in effect: .*install DOCA-OFED/);
    const build = await findBuild(bed.host, KERNEL);
    assert.deepEqual([build?.state, build?.failure], ["failed", failure?.message]);
    assert.match(
      await bed.host.readFile(`${build?.logFolder}/driver-install.log`),
      /Installed:\n {2}doca-ofed/,
    );
    assert.deepEqual((await infoOf(bed)).loaded, { version: undefined });

    await succeed(bed, INBOX);
    assert.deepEqual(await docaPackagesOf(bed), []);
  });

  it("is told when the repository holds another version than the profile says", async () => {
    const bed = await fresh({}, { moduleVersion: "24.10-0.7.0" });
    const { failure } = await apply(bed);
    assert.equal(failure?.reason, "DRIVER_INSTALL_FAILED");
    assert.match(failure?.message ?? "", /mlx5_core of \S+ is 24\.10-0\.7\.0/);
  });

  it("is left alone by a file that is no repository package", async () => {
    const bed = await fresh();
    const text = "not a package\n";
    await bed.host.writeFile(PACKAGE, text);
    const { failure, result } = await apply(bed, wishDoca(text));
    assert.equal(failure?.reason, "DRIVER_INSTALL_FAILED");
    assert.match(failure?.message ?? "", /dnf ended with status 1/);
    assert.deepEqual(await docaPackagesOf(bed), []);
    assert.doesNotMatch(result.leftState ?? "", /doca-host/);
  });
});
