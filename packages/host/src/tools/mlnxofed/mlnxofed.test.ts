import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mlnxofedinstall } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import {
  findKernelsWithHeaders,
  findLoadedModule,
  findModuleOnDisk,
  installOfed,
  listInstalledKernels,
  readOfedRelease,
  restartOpenibd,
} from "./mlnxofed.ts";

const said = (name: string): string => fixture(import.meta.url, `${name}.reference.txt`);

const KERNEL = "5.14.0-427.42.1.el9_4.x86_64";
const INSTALL = { folder: "/var/lib/x", distribution: "rhel9.4", extraFlags: [] };

function install(reply: Reply) {
  const host = createScriptedHost({ commands: { [mlnxofedinstall(INSTALL).join(" ")]: reply } });
  return installOfed(host, INSTALL);
}

describe("installOfed", () => {
  it("runs the seed procedure's flags, asks nothing and leaves firmware alone", () => {
    assert.equal(
      mlnxofedinstall({ ...INSTALL, extraFlags: ["--basic"] }).join(" "),
      "/var/lib/x/mlnxofedinstall --all --distro rhel9.4 --add-kernel-support --dpdk --ovs-dpdk --skip-repo --force --without-fw-update --basic",
    );
  });

  it("takes a missing firmware of an OEM's card for what it is: no failure", async () => {
    for (const exitCode of [0, 2]) {
      const run = await install({ exitCode, stdout: said("install-passed") });
      assert.equal(run.isInstalled, true);
      assert.equal(run.failure, undefined);
      assert.match(run.notices.join("\n"), /82:00\.0 \(PSID: DEL0000000027\)/);
    }
  });

  it("names the log of a build that failed", async () => {
    const run = await install({ exitCode: 1, stdout: said("install-build-failed") });
    assert.equal(run.isInstalled, false);
    assert.equal(run.failure?.reason, "DRIVER_BUILD_FAILED");
    assert.match(run.logPaths.at(-1) ?? "", /mlnx_ofed_iso\.4711\.log$/);
  });

  it("tells missing packages, a full disk and a wrong distribution from a failed build", async () => {
    const missing = await install({ exitCode: 1, stdout: said("install-prerequisites") });
    assert.equal(missing.failure?.reason, "DRIVER_PREREQUISITE_MISSING");
    assert.equal((await install({ exitCode: 28 })).failure?.reason, "DISK_FULL");
    assert.equal((await install({ exitCode: 171 })).failure?.reason, "DRIVER_ARCHIVE_UNSUITABLE");
  });

  it("does not guess what it does not know", async () => {
    const run = await install({ exitCode: 173, stdout: "mst start failed\n" });
    assert.equal(run.failure?.reason, "DRIVER_INSTALL_FAILED");
    assert.match(run.output, /mst start failed/);
  });
});

describe("restartOpenibd", () => {
  const restart = (reply: Reply) =>
    restartOpenibd(createScriptedHost({ commands: { "/etc/init.d/openibd restart": reply } }));

  it("is done when both lines say OK", async () => {
    await assert.doesNotReject(restart({ stdout: said("openibd-ok") }));
  });

  it("names the programs in the way", async () => {
    await assert.rejects(restart({ exitCode: 1, stdout: said("openibd-busy") }), (error: Error) => {
      assert.match(error.message, /qemu-kvm\(4242\)/);
      return "reason" in error && error.reason === "DRIVER_IN_USE";
    });
  });

  it("names the modules in the way", async () => {
    await assert.rejects(restart({ exitCode: 1, stdout: said("openibd-in-use") }), {
      reason: "DRIVER_IN_USE",
      message: /mlx_compat is in use by nvme_core nvme_fabrics/,
    });
  });

  it("tells a refused signature and a module that did not load", async () => {
    const key = "modprobe: ERROR: could not insert 'mlx5_core': Key was rejected by service\n";
    await assert.rejects(restart({ exitCode: 1, stderr: key }), {
      reason: "SECURE_BOOT_REFUSES_DRIVER",
    });
    const line = "Failed loading kernel module mlx5_ib:  [FAILED]\n";
    await assert.rejects(restart({ stdout: line }), { reason: "DRIVER_LOAD_FAILED" });
  });
});

describe("the driver as it is", () => {
  const modinfo = (field: string) => `modinfo -k ${KERNEL} -F ${field} mlx5_core`;

  it("reads release, disk and memory apart", async () => {
    const host = createScriptedHost({
      commands: {
        "ofed_info -s": { stdout: "MLNX_OFED_LINUX-24.04-0.7.0.0:\n" },
        [modinfo("filename")]: { stdout: `/lib/modules/${KERNEL}/extra/mlx5_core.ko\n` },
        [modinfo("version")]: { stdout: "24.04-0.7.0\n" },
      },
      files: { "/sys/module/mlx5_core/refcnt": "1\n" },
    });
    assert.equal(await readOfedRelease(host), "MLNX_OFED_LINUX-24.04-0.7.0.0");
    assert.deepEqual(await findModuleOnDisk(host, "mlx5_core", KERNEL), {
      kernelRelease: KERNEL,
      version: "24.04-0.7.0",
    });
    assert.deepEqual(await findLoadedModule(host, "mlx5_core"), { version: undefined });
  });

  it("knows a kernel without the module and a host without the vendor's packages", async () => {
    const stderr = "modinfo: ERROR: Module mlx5_core not found.\n";
    const host = createScriptedHost({
      commands: { [modinfo("filename")]: { exitCode: 1, stderr } },
    });
    assert.equal(await readOfedRelease(host), undefined);
    assert.equal(await findModuleOnDisk(host, "mlx5_core", KERNEL), undefined);
    assert.equal(await findLoadedModule(host, "mlx5_core"), undefined);
  });

  it("counts headers only where there is something to build with", async () => {
    const files = {
      [`/lib/modules/${KERNEL}/build/Makefile`]: "",
      "/lib/modules/5.14.0-362.el9.x86_64/modules.dep": "",
    };
    const host = createScriptedHost({ files });
    const kernels = await listInstalledKernels(host, KERNEL);
    assert.deepEqual(kernels, ["5.14.0-362.el9.x86_64", KERNEL]);
    assert.deepEqual(await findKernelsWithHeaders(host, kernels), [KERNEL]);
  });
});
