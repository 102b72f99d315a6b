import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, describe, it } from "node:test";
import {
  createSimHost,
  FRESH_R740,
  type MachineOverrides,
  ofedArchiveFile,
  qemuArchiveFile,
} from "@switchyard/hostsim";
import {
  type HostDesired,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
  QEMU_OF_RHEL,
  type VirtualizationSpec,
} from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import {
  createTestbed,
  DATAPATH,
  endAllLives,
  type Testbed,
  vmInSlot,
} from "../testing/testbed.ts";

afterEach(endAllLives);

const artefact = (path: string, text: string) => ({
  source: parseArtefactSource(path),
  sha256: parseSha256(createHash("sha256").update(text).digest("hex")),
  sizeBytesMax: LIMITS_OF_ARTEFACTS.driverBytesMax,
});

const OFED = "/srv/MLNX_OFED_LINUX-24.04-0.7.0.0-rhel9.4-x86_64.tgz";
const QEMU = "/srv/qemu-9.0.4.tar.xz";
const FILES = { [OFED]: ofedArchiveFile(), [QEMU]: qemuArchiveFile("9.0.4") };

const VIRTUALIZATION: VirtualizationSpec = {
  qemu: { kind: "distribution" },
  libvirtUser: { user: "root", group: "kvm" },
};

const SEED: HostDesired = {
  ...DATAPATH,
  driver: {
    kind: "mlnx-ofed",
    release: "24.04-0.7.0.0",
    archive: artefact(OFED, ofedArchiveFile()),
    distribution: "rhel9.4",
    extraFlags: [],
  },
  virtualization: VIRTUALIZATION,
};

/** Starts an agent now and after every boot, as systemd would. */
async function supervise(bed: Testbed): Promise<void> {
  let { life } = await bed.start();
  bed.host.subscribeReboots(() => {
    life.kill();
    void bed.start().then((next) => {
      life = next.life;
    });
  });
}

const fresh = (overrides: MachineOverrides = {}) =>
  createTestbed({ host: { overrides: { ...FRESH_R740, ...overrides }, files: FILES } });

async function apply(bed: Testbed, desired: HostDesired) {
  return bed.runJob(await bed.applyHost(desired));
}

describe("a host fresh from the installer", () => {
  it("gets driver, QEMU, libvirt's user and datapath by one job, and a VM then runs", async () => {
    const bed = fresh();
    await supervise(bed);
    const { state, failure } = await apply(bed, SEED);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.deepEqual(await bed.rest(SEED), []);
    assert.match(await bed.host.readFile("/etc/libvirt/qemu.conf"), /^user = "root"$/m);
    assert.equal(await bed.host.readLink("/usr/bin/qemu-system-x86_64"), QEMU_OF_RHEL);
    const started = await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    assert.equal(started.state, "succeeded");
  });

  it("gets QEMU built from source where the profile asks for it", async () => {
    const bed = fresh();
    await supervise(bed);
    const desired: HostDesired = {
      ...SEED,
      virtualization: {
        qemu: {
          kind: "source",
          version: "9.0.4",
          archive: artefact(QEMU, qemuArchiveFile("9.0.4")),
        },
        libvirtUser: undefined,
      },
    };
    const { state, failure } = await apply(bed, desired);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.deepEqual(await bed.rest(desired), []);
    const { stdout } = await bed.host.run({ argv: ["qemu-system-x86_64", "--version"] });
    assert.match(stdout, /version 9\.0\.4/);
  });

  it("boots for the driver where the management path is on the NIC", async () => {
    const management = { netdev: "enp130s0f1np1", cidr: "10.20.0.9/16", gateway: "10.20.0.1" };
    const bed = fresh({ management });
    await supervise(bed);
    const { state, failure } = await apply(bed, SEED);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.equal(bed.host.machine.bootCount, 2);
    assert.deepEqual(await bed.rest(SEED), []);
  });

  it("is left with what was there when the build fails, and told why", async () => {
    const bed = fresh({ freeBytes: 1024 ** 3 });
    await supervise(bed);
    const { state, failure, result } = await apply(bed, SEED);
    assert.deepEqual([state, failure?.reason], ["failed", "DISK_FULL"]);
    assert.match(await bed.host.readFile("/etc/libvirt/qemu.conf"), /^#user = "qemu"$/m);
    await assert.rejects(bed.host.readLink("/usr/bin/qemu-system-x86_64"));
    assert.match(result.leftState ?? "", /^Still in effect: Copy the archive .* Taken back/);
    assert.doesNotMatch(result.leftState ?? "", /Build and install/);
  });
});

describe("a host that was set up with the seed procedure's commands", () => {
  it("has nothing of the driver and of QEMU to be done", async () => {
    const host = createSimHost({ files: FILES });
    const observed = await readInventory({
      host,
      clock: systemClock,
      agentVersion: "0.0.0-test",
      nicProfiles: [],
    });
    const { steps, findings } = planHost(
      { ...SEED, virtualization: { qemu: { kind: "distribution" }, libvirtUser: undefined } },
      observed,
    );
    const kinds = steps.map(({ kind }) => kind);
    assert.equal(
      kinds.some((kind) => /Driver(Installed|Loaded)|Qemu|Libvirt|Packages/.test(kind)),
      false,
    );
    assert.deepEqual(findings, []);
  });
});
