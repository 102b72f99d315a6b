import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type MachineOverrides, qemuArchiveFile } from "@switchyard/hostsim";
import { QEMU_LINK, QEMU_OF_RHEL, qemuBuildFolders, qemuProgram } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { readVirtualization } from "../../inventory/virtualization.ts";
import { benchStep, createStepBench } from "../../testing/step-bench.ts";
import { assertStepProperties } from "../../testing/step-properties.ts";

const ARCHIVE = "/var/lib/switchyard/artefacts/qemu";
const SOURCE = { version: "9.0.4", archivePath: ARCHIVE, jobCount: 80 };
const CONF = "/etc/libvirt/qemu.conf";

const bed = (overrides: MachineOverrides = {}) =>
  createSimHost({
    random: seededRandom(1),
    overrides,
    files: { [ARCHIVE]: qemuArchiveFile("9.0.4") },
  });

async function readyToBuild() {
  const host = bed();
  await host.run({ argv: ["dnf", "config-manager", "--set-enabled", "crb"] });
  const packages = ["gcc", "make", "ninja-build", "glib2-devel", "pixman-devel"];
  await host.run({ argv: ["dnf", "-y", "install", ...packages] });
  return host;
}

describe("ensureQemuBuilt", () => {
  it("keeps the four properties", async () => {
    const host = await readyToBuild();
    await assertStepProperties({
      host,
      kind: "ensureQemuBuilt",
      args: { source: SOURCE },
      look: async () => ({
        qemus: (await readVirtualization(host)).qemus,
        leftOver: await host.exists(qemuBuildFolders("9.0.4").folder),
      }),
      failure: {
        match: { kind: "run", program: "make", words: ["install"] },
        action: { kind: "fail", exitCode: 2, stderr: "make: *** [install] Error 1" },
      },
    });
  });

  it("names what the build lacks, keeps the log, and is taken back", async () => {
    const host = bed();
    const { ended } = await createStepBench(host).run([
      benchStep("ensureQemuBuilt", { source: SOURCE }),
    ]);
    assert.equal(ended.failure?.reason, "QEMU_BUILD_FAILED");
    const [job] = await host.listFolder("/var/lib/switchyard/logs");
    const log = await host.readFile(`/var/lib/switchyard/logs/${job}/qemu-build.log`);
    assert.match(log, /Cannot find Ninja/);
    assert.equal(await host.exists(qemuProgram("9.0.4")), false);
  });
});

describe("ensureQemuLink", () => {
  const failure = {
    match: { kind: "run", program: "ln" },
    action: { kind: "fail", exitCode: 1, stderr: "ln: failed to create symbolic link" },
  } as const;

  it("keeps the four properties where there is no link", async () => {
    const host = bed();
    await host.remove(QEMU_LINK);
    await assertStepProperties({
      host,
      kind: "ensureQemuLink",
      args: { target: QEMU_OF_RHEL },
      look: () => readVirtualization(host),
      failure,
    });
  });

  it("keeps the four properties where a link of ours leads elsewhere", async () => {
    const host = bed();
    await assertStepProperties({
      host,
      kind: "ensureQemuLink",
      args: { target: qemuProgram("9.0.4") },
      look: async () => (await readVirtualization(host)).qemuLink,
      failure,
    });
  });

  it("never replaces what is not ours", async () => {
    for (const [what, argv] of [
      ["a program", ["cp", "--", ARCHIVE, QEMU_LINK]],
      ["a link to /opt/qemu", ["ln", "-sfn", "--", "/opt/qemu", QEMU_LINK]],
    ] as const) {
      const host = bed();
      await host.remove(QEMU_LINK);
      await host.run({ argv });
      const { ended } = await createStepBench(host).run([
        benchStep("ensureQemuLink", { target: QEMU_OF_RHEL }),
      ]);
      assert.equal(ended.failure?.reason, "QEMU_LINK_TAKEN", what);
    }
  });
});

describe("ensureLibvirtUser", () => {
  it("keeps the four properties, to the exact text of the file", async () => {
    const host = bed();
    await assertStepProperties({
      host,
      kind: "ensureLibvirtUser",
      args: { user: "root", group: "kvm" },
      look: () => host.readFile(CONF),
      failure: {
        match: { kind: "run", program: "systemctl", words: ["restart", "libvirtd"] },
        action: { kind: "fail", exitCode: 1, stderr: "Job for libvirtd.service failed" },
      },
    });
  });

  it("says that libvirt is missing", async () => {
    const host = bed({ packages: { absent: ["libvirt", "libvirt-daemon"] } });
    const { ended } = await createStepBench(host).run([
      benchStep("ensureLibvirtUser", { user: "root", group: "kvm" }),
    ]);
    assert.equal(ended.failure?.reason, "LIBVIRT_CONFIG_UNWRITABLE");
  });
});
