import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildPaths, buildSeedFiles, PACKAGES_INSTALLED, qemuBuild } from "@switchyard/model";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { confirmBuild, findBuild } from "./build-boot.ts";

const KEY = "4f0c-qcow2-0257";

describe("a boot that changes an image", () => {
  it("takes the names of packages as arguments, never as text of a script", () => {
    const [user = { text: "" }] = buildSeedFiles(KEY, ["iperf3", "qemu-guest-agent"]);
    const { runcmd, packages } = JSON.parse(user.text.replace("#cloud-config\n", ""));
    assert.deepEqual(packages, ["iperf3", "qemu-guest-agent"]);
    assert.deepEqual(runcmd[0].slice(3), ["sh", "iperf3", "qemu-guest-agent"]);
    assert.doesNotMatch(runcmd[0][2], /iperf3/);
  });

  it("has no NIC but QEMU's NAT, and no bridge or VF", () => {
    const argv = qemuBuild(KEY, { disk: "/d", accelerator: "kvm" }).join(" ");
    assert.match(argv, /-netdev user,/);
    assert.doesNotMatch(argv, /vhost|vfio|bridge/);
  });

  it("is known by its name, so that another program with its pid is none", async () => {
    const { pidFile } = buildPaths(KEY);
    const stat = `77 (x) S 1 ${"0 ".repeat(18)}500 0\n`;
    const hostWith = (commandLine: string) =>
      createScriptedHost({
        files: { [pidFile]: "77\n", "/proc/77/stat": stat, "/proc/77/cmdline": commandLine },
      });
    const own = qemuBuild(KEY, { disk: "/d", accelerator: "tcg" }).join("\0");
    assert.equal(await findBuild(hostWith(own), KEY), 77);
    assert.equal(await findBuild(hostWith("vim\0notes"), KEY), undefined);
  });

  it("has worked only where the guest says so", async () => {
    const { serialLog } = buildPaths(KEY);
    const hostWith = (text: string) => createScriptedHost({ files: { [serialLog]: text } });
    await confirmBuild(hostWith(`boot\n${PACKAGES_INSTALLED}\n`), KEY, ["iperf3"]);
    await assert.rejects(confirmBuild(hostWith("kernel panic\n"), KEY, ["iperf3"]), {
      reason: "IMAGE_PACKAGES_FAILED",
    });
  });
});
