import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@switchyard/runtime";
import { createSimHost } from "../fleet.ts";
import type { MachineOverrides } from "../machine/spec.ts";
import { docaPackageFile } from "./archive-files.ts";

const OLD = "5.14.0-427.13.1.el9_4.x86_64";
const NEW = "5.14.0-427.42.1.el9_4.x86_64";

function bed(overrides: MachineOverrides = {}) {
  const host = createSimHost({ random: seededRandom(1), overrides });
  const run = async (...argv: [string, ...string[]]) => {
    const { exitCode, stdout, stderr } = await host.run({ argv });
    return { exitCode, stdout, stderr };
  };
  return { host, run };
}

const isInstalled = async (run: ReturnType<typeof bed>["run"], name: string) =>
  (await run("rpm", "-q", name)).exitCode === 0;

describe("dnf and rpm of a simulated R740", () => {
  it("install a package with what it needs, once", async () => {
    const { host, run } = bed();
    const first = await run("dnf", "-y", "install", "gcc-gfortran");
    assert.equal(first.exitCode, 0);
    assert.match(first.stdout, /Installed:\n {2}gcc-gfortran-11.4.1-3.el9.x86_64\n {2}gcc-/);
    assert.equal(await isInstalled(run, "gcc"), true);
    const again = await run("dnf", "-y", "install", "gcc-gfortran");
    assert.match(again.stdout, /is already installed\.\nDependencies resolved\.\nNothing to do\./);
    await host.reboot("a test");
    assert.equal(await isInstalled(run, "gcc-gfortran"), true);
  });

  it("install DOCA's repository from a file, and from it modules for the kernels they fit", async () => {
    for (const [kernels, version] of [
      [["5.14.0-427"], "24.10-1.1.4\n"],
      [["5.14.0-362"], "\n"],
    ] as const) {
      const { host, run } = bed({ hasOfed: false });
      const before = await run("dnf", "-y", "install", "doca-ofed");
      assert.match(before.stderr, /Unable to find a match: doca-ofed/);
      await host.replaceFile("/tmp/doca.rpm", docaPackageFile({ kernels }));
      assert.equal((await run("dnf", "-y", "install", "/tmp/doca.rpm")).exitCode, 0);
      const again = await run("dnf", "-y", "install", "/tmp/doca.rpm");
      assert.match(again.stdout, /already installed/);
      assert.equal((await run("dnf", "-y", "install", "doca-ofed")).exitCode, 0);
      assert.equal((await run("ofed_info", "-s")).stdout, "OFED-internal-24.10-1.1.4:\n");
      const { stdout } = await run("modinfo", "-k", NEW, "-F", "version", "mlx5_core");
      assert.equal(stdout.trim(), version.trim());
      assert.equal((await run("/usr/sbin/ofed_uninstall.sh", "--force")).exitCode, 0);
      assert.equal(await isInstalled(run, "kmod-mlnx-ofa_kernel"), false);
      assert.equal(await isInstalled(run, "doca-ofed"), true);
      await run("dnf", "-y", "remove", "doca-host", "doca-ofed");
      assert.doesNotMatch((await run("dnf", "repolist")).stdout, /doca/);
    }
  });

  it("refuse a file that is no package", async () => {
    const { host, run } = bed();
    await host.replaceFile("/tmp/doca.rpm", "nothing");
    for (const path of ["/tmp/doca.rpm", "/tmp/absent.rpm"]) {
      const { exitCode, stderr } = await run("dnf", "-y", "install", path);
      assert.equal(exitCode, 1);
      assert.match(stderr, /Could not open/);
    }
  });

  it("know no headers of a kernel that the repository has left behind", async () => {
    const { run } = bed({ kernelRelease: OLD, packages: { absent: ["kernel-devel"] } });
    const name = `kernel-devel-${OLD}`;
    assert.deepEqual(await run("dnf", "-y", "install", name), {
      exitCode: 1,
      stdout: `No match for argument: ${name}\n`,
      stderr: `Error: Unable to find a match: ${name}\n`,
    });
  });

  it("install a new kernel beside the running one", async () => {
    const { run } = bed({ kernelRelease: OLD });
    assert.match(
      (await run("dnf", "check-update", "kernel")).stdout,
      /kernel\.x86_64 .*427\.42\.1/,
    );
    assert.equal((await run("dnf", "-y", "update", "kernel")).exitCode, 0);
    const { stdout } = await run("rpm", "-q", "kernel-core");
    assert.equal(stdout, `kernel-core-${OLD}\nkernel-core-${NEW}\n`);
    assert.equal((await run("dnf", "check-update", "kernel")).exitCode, 0);
  });

  it("keep a locked kernel as it is", async () => {
    const { run } = bed({ kernelRelease: OLD });
    assert.match((await run("dnf", "versionlock", "list")).stderr, /No such command: versionlock/);
    await run("dnf", "-y", "install", "python3-dnf-plugin-versionlock");
    await run("dnf", "versionlock", "add", "kernel");
    assert.match((await run("dnf", "-y", "update", "kernel")).stdout, /Nothing to do\./);
  });

  it("enable a repository by its package and by name", async () => {
    const { run } = bed();
    assert.equal((await run("dnf", "-y", "install", "htop")).exitCode, 1);
    await run("dnf", "-y", "install", "epel-release");
    assert.equal((await run("dnf", "-y", "install", "htop")).exitCode, 0);
    assert.equal((await run("dnf", "-y", "install", "ninja-build")).exitCode, 1);
    assert.equal((await run("dnf", "config-manager", "--set-enabled", "crb")).exitCode, 0);
    assert.match((await run("dnf", "repolist")).stdout, /^crb +Rocky Linux/m);
    assert.equal((await run("dnf", "-y", "install", "ninja-build")).exitCode, 0);
    const unknown = await run("dnf", "config-manager", "--set-enabled", "nowhere");
    assert.match(unknown.stderr, /No matching repo to modify: nowhere/);
  });

  it("stop at a repository that does not answer", async () => {
    const { run } = bed({ packages: { unreachable: ["baseos"] } });
    const { exitCode, stderr } = await run("dnf", "-y", "install", "git");
    assert.equal(exitCode, 1);
    assert.match(stderr, /Failed to download metadata for repo 'baseos'/);
  });

  it("do not remove what another package needs", async () => {
    const { run } = bed();
    const { exitCode, stderr } = await run("rpm", "-e", "qemu-kvm-core");
    assert.equal(exitCode, 1);
    assert.match(stderr, /qemu-kvm-core is needed by \(installed\) qemu-kvm-8\.2\.0/);
  });

  it("bring a program with its package", async () => {
    const { host, run } = bed({ packages: { absent: ["pciutils"] } });
    await assert.rejects(host.run({ argv: ["lspci"] }), { reason: "COMMAND_NOT_STARTED" });
    await run("dnf", "-y", "install", "pciutils");
    assert.equal((await run("lspci")).exitCode, 0);
    await assert.rejects(host.run({ argv: ["apt-get", "update"] }), {
      reason: "COMMAND_NOT_STARTED",
    });
  });
});

describe("apt and dpkg of a simulated Debian host", () => {
  it("install, list and remove", async () => {
    const { host, run } = bed({ distribution: "debian12" });
    assert.match(await host.readFile("/etc/os-release"), /^ID=debian$/m);
    const install = ["-y", "-q", "install"] as const;
    assert.equal(
      (await run("apt-get", ...install, "nope")).stderr,
      "E: Unable to locate package nope\n",
    );
    const result = await run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...install, "git");
    assert.equal(result.exitCode, 0);
    assert.equal((await run("dpkg-query", "-W", "git")).stdout, "git\t1:2.39.2-1.1\n");
    assert.equal((await run("dpkg", "--remove", "git")).exitCode, 0);
    assert.equal((await run("dpkg-query", "-W", "git")).exitCode, 1);
    await assert.rejects(host.run({ argv: ["dnf", "repolist"] }), {
      reason: "COMMAND_NOT_STARTED",
    });
  });
});
