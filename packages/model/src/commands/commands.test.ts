import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { devlinkEswitchSet, vdpaDevAdd } from "./datapath.ts";
import { ovsAddPort, ovsSetHwOffload } from "./ovs.ts";
import { memoryLockBytes, msixVectors, type QemuOptions, qemuVm, vmPaths } from "./qemu.ts";

describe("datapath commands", () => {
  it("write the eswitch mode in full", () => {
    assert.equal(
      devlinkEswitchSet("pci/0000:82:00.0", "switchdev").join(" "),
      "devlink dev eswitch set pci/0000:82:00.0 mode switchdev",
    );
  });

  it("leave out what the management device does not take", () => {
    const device = { name: "vdpa0", mgmtdev: "pci/0000:82:00.2" };
    const base = "vdpa dev add name vdpa0 mgmtdev pci/0000:82:00.2";
    const text = (options: { mac: string | undefined; maxVqp: number | undefined }) =>
      vdpaDevAdd({ ...device, ...options }).join(" ");
    assert.equal(text({ mac: undefined, maxVqp: undefined }), base);
    assert.equal(
      text({ mac: "52:54:00:cb:45:11", maxVqp: 16 }),
      `${base} mac 52:54:00:cb:45:11 max_vqp 16`,
    );
  });
});

describe("OVS commands", () => {
  it("always bound the wait and mark what is ours", () => {
    const argv = ovsAddPort("cxbr0", "eth0");
    assert.equal(argv[1], "--timeout=15");
    assert.ok(argv.includes("external_ids:managed-by=switchyard"));
  });

  it("note the restart in the transaction that makes it needed", () => {
    assert.ok(ovsSetHwOffload(true).includes("external_ids:switchyard-restart-pending=hw-offload"));
  });
});

describe("qemuVm", () => {
  const options: QemuOptions = {
    vm: "vm1",
    accelerator: "kvm",
    vcpuCount: 16,
    memoryBytes: 32 * 1024 ** 3,
    boot: { kind: "disk", path: "/images/vm1.qcow2", format: "qcow2" },
    nics: [
      { kind: "vdpa", vhostPath: "/dev/vhost-vdpa-0", queuePairs: 16, mac: "52:54:00:cb:45:11" },
    ],
    hasGuestAgent: false,
  };

  it("plugs the NIC in as the seed does", () => {
    const argv = qemuVm(options);
    assert.ok(argv.includes("type=vhost-vdpa,vhostdev=/dev/vhost-vdpa-0,queues=16,id=vhost-vdpa0"));
    const nic = argv.find((each) => each.startsWith("virtio-net-pci,"));
    assert.match(
      nic ?? "",
      /mq=on,vectors=34,.*page-per-vq=on,disable-legacy=on,mac=52:54:00:cb:45:11/,
    );
  });

  it("may lock guest memory once per vDPA device, once for all VFs, and a gibibyte", () => {
    const limitOf = (...kinds: readonly ("vdpa" | "sriov")[]) =>
      memoryLockBytes(
        options.memoryBytes,
        kinds.map((kind) => ({ kind })),
      ) /
      1024 ** 3;
    assert.deepEqual(qemuVm(options).slice(0, 4), [
      "prlimit",
      `--memlock=${33 * 1024 ** 3}`,
      "--",
      "qemu-system-x86_64",
    ]);
    assert.equal(limitOf("vdpa", "vdpa"), 65);
    assert.equal(limitOf("sriov", "sriov"), 33);
  });

  it("gives each NIC its own netdev, and VFs by their address", () => {
    const [nic] = options.nics;
    assert.ok(nic?.kind === "vdpa");
    const second = { ...nic, vhostPath: "/dev/vhost-vdpa-1", queuePairs: 2 };
    const text = qemuVm({ ...options, nics: [nic, second] }).join(" ");
    assert.match(text, /vhostdev=\/dev\/vhost-vdpa-1,queues=2,id=vhost-vdpa1/);
    assert.match(text, /vectors=6,netdev=vhost-vdpa1/);
    const sriov = { kind: "sriov", pciAddress: "0000:82:00.2" } as const;
    const argv = qemuVm({ ...options, nics: [sriov] });
    assert.ok(argv.includes("vfio-pci,host=0000:82:00.2"));
    assert.ok(!argv.includes("-netdev"));
  });

  it("boots a kernel directly and talks to the guest's agent when asked to", () => {
    const boot = {
      kind: "kernel",
      kernelPath: "/k",
      initrdPath: "/i",
      commandLine: "a b",
    } as const;
    const argv = qemuVm({ ...options, accelerator: "tcg", boot, hasGuestAgent: true });
    assert.deepEqual(argv.slice(argv.indexOf("-kernel"), argv.indexOf("-kernel") + 6), [
      "-kernel",
      "/k",
      "-initrd",
      "/i",
      "-append",
      "a b",
    ]);
    assert.ok(argv.some((each) => each.includes(vmPaths("vm1").guestAgentSocket)));
  });

  it("has two vectors besides those of the queues", () => {
    assert.equal(msixVectors(16), 34);
  });
});
