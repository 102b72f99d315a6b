import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Script } from "@switchyard/host";
import { findPf, findVf, parsePciAddress, vmPaths } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import { readInventory } from "./read-inventory.ts";
import {
  link,
  R740,
  R740_COMMANDS,
  R740_FILES,
  R740_LINKS,
  R740_NETDEVS,
  R740_PORTS,
} from "./testing/r740.ts";

const PF0 = parsePciAddress("0000:82:00.0");
const PF1 = parsePciAddress("0000:82:00.1");

const read = (script: Script, peerAddress?: string) =>
  readInventory({
    host: createScriptedHost(script),
    clock: new ManualClock(5000),
    agentVersion: "0.1.0",
    nicProfiles: [],
    ...(peerAddress === undefined ? {} : { peerAddresses: [peerAddress] }),
  });
const withCommands = (commands: Script["commands"]): Script => ({
  ...R740,
  commands: { ...R740_COMMANDS, ...commands },
});
const json = (value: unknown) => ({ stdout: JSON.stringify(value) });
const without = <Value>(map: Readonly<Record<string, Value>>, key: string) =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));

describe("readInventory of a ConnectX-6 Dx", () => {
  it("finds the card by itself, both ports as one NIC", async () => {
    const { nics, findings } = await read(R740);
    assert.deepEqual(findings, []);
    assert.equal(nics.length, 1);
    const [nic] = nics;
    assert.deepEqual(
      [nic?.nicProfile, nic?.model, nic?.serial, nic?.psid],
      ["mlx5", "ConnectX-6 Dx", "MT2211X01234", "DEL0000000027"],
    );
    assert.deepEqual(nic?.firmware, { running: "22.27.6106", stored: "22.39.1002" });
    assert.deepEqual(
      nic?.pfs.map((pf) => [pf.link.netdev, pf.eswitchMode, pf.vfCount, pf.totalVfs]),
      [
        ["enp130s0f0np0", "switchdev", 2, 8],
        ["enp130s0f1np1", "legacy", 0, 8],
      ],
    );
  });

  it("joins each VF with its representor, management device and vDPA device", async () => {
    const inventory = await read(R740);
    const first = findVf(inventory, PF0, 0);
    assert.deepEqual(
      [first?.pciAddress, first?.representor?.netdev, first?.mgmtdev?.maxVqp, first?.iommuGroup],
      ["0000:82:00.2", "eth4", 32, 42],
    );
    assert.deepEqual(
      [first?.vdpa?.name, first?.vdpa?.mac, first?.vdpa?.vhostPath, first?.adminMac],
      ["sy-82-0-0", "52:54:00:cb:45:11", "/dev/vhost-vdpa-1", undefined],
    );
    const second = findVf(inventory, PF0, 1);
    assert.deepEqual(
      [second?.representor?.netdev, second?.vdpa, second?.adminMac],
      ["eth2", undefined, "52:54:00:aa:bb:01"],
    );
  });

  it("says which drivers give VFs to VMs, who shares a VF's group, and whose the port is", async () => {
    const bare = await read(R740);
    assert.deepEqual(bare.nics[0]?.vfioDrivers, ["vfio-pci"]);
    assert.equal(findPf(bare, PF0)?.pf.isClaimed, false);
    assert.deepEqual(findVf(bare, PF0, 0)?.iommuGroupPeers, []);
    const group = "/sys/kernel/iommu_groups/42/devices";
    const shared = await read({
      ...R740,
      files: {
        ...R740_FILES,
        [`${group}/0000:82:00.2/class`]: "0x020000\n",
        [`${group}/0000:82:00.3/class`]: "0x020000\n",
        [`${group}/0000:80:03.0/class`]: "0x060400\n",
        "/sys/bus/pci/devices/0000:80:03.0/class": "0x060400\n",
        "/run/switchyard/pfs/0000:82:00.0": "job:1\n",
      },
    });
    assert.deepEqual(findVf(shared, PF0, 0)?.iommuGroupPeers, ["0000:82:00.3"]);
    assert.equal(findPf(shared, PF0)?.pf.isClaimed, true);
  });

  it("falls back on switch id and port name where devlink names no netdevs", async () => {
    const ports = Object.fromEntries(
      Object.entries(R740_PORTS).map(([name, value]) => [name, { ...value, netdev: undefined }]),
    );
    const inventory = await read(withCommands({ "devlink -j port show": json({ port: ports }) }));
    assert.equal(findPf(inventory, PF0)?.pf.link.netdev, "enp130s0f0np0");
    assert.equal(findVf(inventory, PF0, 1)?.representor?.netdev, "eth2");
  });

  it("takes MLNX_OFED's file for the VF count where the kernel's is missing", async () => {
    const path = "/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs";
    const vendorPath = path.replace("sriov_numvfs", "mlx5_num_vfs");
    const files = { ...without(R740_FILES, path), [vendorPath]: "2\n" };
    const inventory = await read({ ...R740, files });
    assert.equal(findPf(inventory, PF0)?.pf.numVfsPath, vendorPath);
    assert.equal(findPf(inventory, PF0)?.pf.vfCount, 2);
  });

  it("reports a card without SR-IOV instead of hiding it", async () => {
    const files = without(R740_FILES, "/sys/bus/pci/devices/0000:82:00.1/sriov_totalvfs");
    const inventory = await read({ ...R740, files });
    assert.equal(findPf(inventory, PF1)?.pf.totalVfs, 0);
    assert.deepEqual(
      inventory.findings.map(({ reason, severity }) => [reason, severity]),
      [["SRIOV_UNSUPPORTED", "warning"]],
    );
  });
});

describe("readInventory of the machine", () => {
  it("reads what the host is", async () => {
    const inventory = await read(R740);
    assert.equal(inventory.observedAtMs, 5000);
    assert.equal(inventory.bootId, "0d9f1c1e-3a52-4f0e-9c55-2b4a3a4c1f7e");
    assert.deepEqual(inventory.machine, {
      vendor: "Dell Inc.",
      model: "PowerEdge R740",
      serial: "7RK2XY3",
    });
    assert.deepEqual(
      [inventory.memoryBytes, inventory.accelerator, inventory.iommuGroupCount],
      [134217728, "kvm", 2],
    );
    assert.deepEqual([inventory.qemuVersion, inventory.ovs], ["8.2.0", undefined]);
  });

  it("counts a module that is built in as loaded when a NIC needs it", async () => {
    const { modules } = await read(R740);
    assert.deepEqual(modules, ["mlx5_core", "mlx5_vdpa", "vhost_vdpa"]);
  });

  it("turns a section that fails into a finding and keeps the rest", async () => {
    const stderr = "kernel answers: Operation not permitted\n";
    const failing = { exitCode: 1, stderr };
    const inventory = await read(
      withCommands({
        "devlink -j port show": failing,
        "devlink -j dev eswitch show pci/0000:82:00.0": failing,
      }),
    );
    assert.deepEqual(
      inventory.findings.map(({ severity, found }) => [severity, found]),
      [
        ["error", stderr.trim()],
        ["error", stderr.trim()],
      ],
    );
    assert.equal(findPf(inventory, PF0)?.pf.eswitchMode, "legacy");
    assert.equal(findVf(inventory, PF0, 0)?.representor?.netdev, "eth4");
  });

  it("survives a host of which nothing can be read", async () => {
    const inventory = await read({});
    assert.deepEqual([inventory.nics, inventory.vms, inventory.memoryBytes], [[], [], 0]);
    assert.ok(inventory.findings.length > 5);
  });
});

describe("readInventory of the management path", () => {
  const managed = async (script: Script, peerAddress?: string) => {
    const inventory = await read(script, peerAddress);
    return inventory.nics[0]?.pfs.map((pf) => pf.carriesManagement);
  };
  const route = (dev: string) => json([{ dst: "default", dev }]);
  const netdevs = (...more: readonly object[]) =>
    json([
      ...R740_NETDEVS.filter(
        (netdev) =>
          !more.some(
            (other) => "ifname" in other && "ifname" in netdev && other.ifname === netdev.ifname,
          ),
      ),
      ...more,
    ]);

  it("does not lie on ports without a route", async () => {
    assert.deepEqual(await managed(R740), [false, false]);
  });

  it("lies on the port with the default route", async () => {
    const script = withCommands({ "ip -j -4 route show default": route("enp130s0f1np1") });
    assert.deepEqual(await managed(script), [false, true]);
  });

  it("is followed through a VLAN and a bond", async () => {
    const script = withCommands({
      "ip -j -4 route show default": route("bond0.7"),
      "ip -j -d link show": netdevs(
        link("bond0"),
        link("bond0.7", { link: "bond0" }),
        link("enp130s0f1np1", { master: "bond0" }),
      ),
    });
    assert.deepEqual(await managed(script), [false, true]);
  });

  it("lies on the port towards the controller", async () => {
    const script = withCommands({
      "ip -j route get 10.9.9.9": json([{ dst: "10.9.9.9", dev: "enp130s0f0np0" }]),
    });
    assert.deepEqual(await managed(script, "10.9.9.9"), [true, false]);
  });

  it("is taken to lie everywhere when it can't be read", async () => {
    const script = withCommands({ "ip -j -4 route show default": { exitCode: 2 } });
    assert.deepEqual(await managed(script), [true, true]);
  });
});

describe("readInventory of VMs", () => {
  const paths = vmPaths("web-1");
  const cmdline = [
    "qemu-system-x86_64",
    "-name",
    "web-1,process=sy-web-1",
    "-netdev",
    "type=vhost-vdpa,vhostdev=/dev/vhost-vdpa-1,queues=16,id=vhost-vdpa0",
    "-device",
    "virtio-net-pci,mq=on,netdev=vhost-vdpa0,mac=52:54:00:cb:45:11",
  ].join("\0");
  const running = {
    [paths.pidFile]: "812\n",
    [paths.stampFile]: '{"job":"018f0000-0000-7000-8000-000000000001","epoch":3}',
    "/proc/812/stat": "812 (sy-web-1) S 1 812 812 0 -1 0 0 0 0 0 250 150 0 0 20 0 3 0 4711 0 0",
    "/proc/812/cmdline": cmdline,
  };
  const qmp = (status: string) => ({
    open: ['{"QMP":{"version":{},"capabilities":[]}}'],
    answer: (line: string) => {
      const { execute, id } = JSON.parse(line) as { execute: string; id: string };
      const value = execute === "query-status" ? { status, running: status === "running" } : {};
      return [JSON.stringify({ return: value, id })];
    },
  });
  const readVm = async (files: Readonly<Record<string, string>>, sockets = {}) => {
    const inventory = await read({ ...R740, files: { ...R740_FILES, ...files }, sockets });
    assert.deepEqual(inventory.findings, []);
    return inventory.vms[0];
  };

  it("sees a running VM with its NIC and who started it", async () => {
    assert.deepEqual(await readVm(running, { [paths.qmpSocket]: qmp("running") }), {
      vm: "web-1",
      state: "running",
      runtime: "qemu",
      pid: 812,
      startedBy: { job: "018f0000-0000-7000-8000-000000000001", epoch: 3 },
      nics: [{ mac: "52:54:00:cb:45:11", vhostPath: "/dev/vhost-vdpa-1" }],
      isGuestAgentUp: false,
      reason: undefined,
    });
  });

  it("tells paused and broken VMs by QEMU's own word", async () => {
    const state = async (status: string) =>
      (await readVm(running, { [paths.qmpSocket]: qmp(status) }))?.state;
    assert.equal(await state("paused"), "paused");
    assert.equal(await state("guest-panicked"), "failed");
    assert.equal(await state("shutdown"), "stopped");
  });

  it("calls a VM running while its process is, even when QMP is silent", async () => {
    const vm = await readVm(running);
    assert.equal(vm?.state, "running");
    assert.match(vm?.reason ?? "", /nobody listens/);
  });

  it("tells an end in order from a crash by the pid file that is left", async () => {
    const gone = { [paths.pidFile]: "812\n", [paths.stampFile]: running[paths.stampFile] ?? "" };
    assert.equal((await readVm(gone))?.state, "failed");
    assert.equal((await readVm({ [paths.serialLog]: "" }))?.state, "stopped");
  });
});

describe("readInventory of a mapped NIC", () => {
  const vf = (index: number) => ({
    index,
    pciAddress: parsePciAddress(`0000:0${index + 1}:00.0`),
    driver: "vp-vdpa",
    mgmtdev: `pci/0000:0${index + 1}:00.0`,
    representor: `ens${index + 4}`,
    fixedMac: undefined,
  });
  const numVfsPath = "/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs";
  const profile = {
    kind: "mapped" as const,
    name: "lab",
    model: "Lab NIC",
    serial: "LAB0001",
    driver: "netdevsim",
    modules: ["vp_vdpa", "vhost_vdpa"],
    pfs: [
      {
        pciAddress: parsePciAddress("0000:09:00.0"),
        netdev: "ens9",
        devlinkHandle: "netdevsim/netdevsim1",
        numVfsPath,
        totalVfs: 2,
        vfs: [vf(0), vf(1)],
      },
    ],
  };
  const readLab = (mode: string, vfCount: number) => {
    const host = createScriptedHost({
      files: {
        "/sys/bus/pci/devices/0000:09:00.0/vendor": "0x1af4\n",
        "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x1af4\n",
        "/sys/bus/pci/devices/0000:02:00.0/vendor": "0x1af4\n",
        [numVfsPath]: `${vfCount}\n`,
      },
      links: { ...R740_LINKS, "/sys/bus/pci/devices/0000:01:00.0/driver": "x/vp-vdpa" },
      commands: {
        ...R740_COMMANDS,
        "ip -j -d link show": json([link("ens9"), link("ens4"), link("ens5")]),
        "devlink -j dev eswitch show netdevsim/netdevsim1": json({
          dev: { "netdevsim/netdevsim1": { mode } },
        }),
        "vdpa -j mgmtdev show": json({
          mgmtdev: {
            "pci/0000:01:00.0": {
              supported_classes: ["net"],
              max_supported_vqs: 3,
              dev_features: ["MAC", "MQ"],
            },
          },
        }),
        "vdpa -j dev show": json({ dev: {} }),
      },
    });
    return readInventory({
      host,
      clock: new ManualClock(),
      agentVersion: "0.1.0",
      nicProfiles: [profile],
    });
  };

  it("has no VFs before the VF count says so, but knows where they will be", async () => {
    const pf = (await readLab("legacy", 0)).nics[0]?.pfs[0];
    assert.deepEqual([pf?.vfs, pf?.vfCount, pf?.eswitchMode], [[], 0, "legacy"]);
    assert.deepEqual(pf?.fixedVfAddresses, ["0000:01:00.0", "0000:02:00.0"]);
  });

  it("has representors in switchdev mode only, as a real card", async () => {
    const legacy = (await readLab("legacy", 2)).nics[0]?.pfs[0]?.vfs;
    assert.deepEqual(
      legacy?.map(({ representor }) => representor),
      [undefined, undefined],
    );
    const switchdev = (await readLab("switchdev", 2)).nics[0]?.pfs[0]?.vfs;
    assert.deepEqual(
      switchdev?.map(({ representor }) => representor?.netdev),
      ["ens4", "ens5"],
    );
  });

  it("has the management device and driver of the real function", async () => {
    const [first, second] = (await readLab("switchdev", 2)).nics[0]?.pfs[0]?.vfs ?? [];
    assert.deepEqual(first?.mgmtdev, {
      handle: "pci/0000:01:00.0",
      maxVqp: 1,
      canSetMac: false,
      canSetMaxVqp: false,
    });
    assert.deepEqual([first?.driver, first?.vdpaDriver], ["vp-vdpa", "vp-vdpa"]);
    assert.deepEqual([second?.driver, second?.mgmtdev], [undefined, undefined]);
  });
});
