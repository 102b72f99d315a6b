import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "../../index.ts";

const XML = `<domain type='kvm'>
  <name>x</name>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os><type machine='q35'>hvm</type></os>
  <devices>NICS</devices>
</domain>`;

const host = () => createSimHost({ name: "sim-1" });
type Host = ReturnType<typeof host>;

const virsh = (on: Host, ...words: readonly string[]) => on.run({ argv: ["virsh", ...words] });

async function define(on: Host, devices = "") {
  await on.replaceFile("/root/x.xml", XML.replace("NICS", devices));
  return virsh(on, "define", "/root/x.xml");
}

const vdpa = (attributes: string) => `<interface type='vdpa'>${attributes}</interface>`;

describe("virsh", () => {
  it("takes a domain through its life", async () => {
    const on = host();
    assert.equal((await define(on)).stdout, "Domain 'x' defined from /root/x.xml\n\n");
    assert.equal((await virsh(on, "domstate", "x", "--reason")).stdout, "shut off (unknown)\n");
    assert.equal((await virsh(on, "start", "x")).stdout, "Domain 'x' started\n\n");
    assert.equal((await virsh(on, "domstate", "x")).stdout, "running\n");
    assert.match((await virsh(on, "list", "--all")).stdout, /^ \d+ +x +running$/m);
    await virsh(on, "suspend", "x");
    assert.equal((await virsh(on, "domstate", "x", "--reason")).stdout, "paused (user)\n");
    await virsh(on, "resume", "x");
    assert.equal((await virsh(on, "destroy", "x")).stdout, "Domain 'x' destroyed\n\n");
    assert.equal((await virsh(on, "domstate", "x", "--reason")).stdout, "shut off (destroyed)\n");
    await virsh(on, "undefine", "x");
    assert.match((await virsh(on, "domstate", "x")).stderr, /^error: failed to get domain 'x'/);
  });

  it("refuses in libvirt's words", async () => {
    const on = host();
    await define(on);
    const refusals = [
      [["start", "nope"], /failed to get domain 'nope'/],
      [["destroy", "x"], /Requested operation is not valid: domain is not running/],
      [["define", "/nope.xml"], /Failed to open file '\/nope.xml': No such file or directory/],
    ] as const;
    for (const [words, text] of refusals) {
      const { exitCode, stderr } = await virsh(on, ...words);
      assert.equal(exitCode, 1);
      assert.match(stderr, text);
    }
    await virsh(on, "start", "x");
    assert.match((await virsh(on, "start", "x")).stderr, /Domain is already active/);
  });

  it("takes no domain that is no XML, or that libvirt would not take", async () => {
    for (const [devices, text] of [
      ["<disk>", /XML error/],
      [
        vdpa("<model type='virtio-non-transitional'/><source dev='/dev/vhost-vdpa-0'/>"),
        /invalid model/,
      ],
      [vdpa("<model type='virtio'/>"), /Missing required attribute 'dev'/],
    ] as const) {
      const { exitCode, stderr } = await define(host(), devices);
      assert.equal(exitCode, 1);
      assert.match(stderr, text);
    }
  });

  it("opens vDPA devices itself and says which one it can't", async () => {
    const on = host();
    await define(on, vdpa("<source dev='/dev/vhost-vdpa-7'/><model type='virtio'/>"));
    const { stderr } = await virsh(on, "start", "x");
    assert.match(
      stderr,
      /Unable to open '\/dev\/vhost-vdpa-7' for vdpa device: No such file or directory/,
    );
    assert.equal((await virsh(on, "domstate", "x", "--reason")).stdout, "shut off (failed)\n");
  });

  it("does not answer while the daemon is stopped", async () => {
    const on = host();
    await on.run({ argv: ["systemctl", "stop", "libvirtd"] });
    const { stderr } = await virsh(on, "list", "--all");
    assert.match(stderr, /failed to connect to the hypervisor/);
    assert.equal(
      (await on.run({ argv: ["systemctl", "is-active", "libvirtd"] })).stdout,
      "inactive\n",
    );
  });
});
