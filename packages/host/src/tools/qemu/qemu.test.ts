import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type QemuOptions, qemuVm, vmPaths } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import {
  detectAccelerator,
  killVm,
  readQemuVersion,
  readVmNicOptions,
  readVmNics,
  readVmProcess,
  startQemu,
} from "./qemu.ts";

const OPTIONS: QemuOptions = {
  vm: "web-1",
  accelerator: "kvm",
  vcpuCount: 16,
  memoryBytes: 2 ** 31,
  boot: { kind: "disk", path: "/var/lib/switchyard/web-1.qcow2", format: "qcow2" },
  nics: [
    { kind: "vdpa", vhostPath: "/dev/vhost-vdpa-0", queuePairs: 16, mac: "52:54:00:cb:45:11" },
  ],
  hasGuestAgent: true,
};
const QEMU = qemuVm(OPTIONS);
const SCOPED = [
  "systemd-run --scope --unit switchyard-vm-web-1 --slice=switchyard-vms.slice",
  "--property=DevicePolicy=closed --property=DeviceAllow=/dev/kvm rw",
  "--property=DeviceAllow=/dev/vhost-vdpa-0 rw --collect --quiet --",
  ...QEMU,
].join(" ");
const STAT = "812 (qemu-system-x86) S 1 812 812 0 -1 0 0 0 0 0 250 150 0 0 20 0 3 0 4711 0 0";
const RUNNING = {
  [vmPaths("web-1").pidFile]: "812\n",
  "/proc/812/stat": STAT,
  "/proc/812/cmdline": QEMU.slice(3).join("\0"),
};

describe("startQemu", () => {
  it("runs in a systemd scope of its own where there is systemd", async () => {
    const files = { "/run/systemd/system/x": "" };
    const host = createScriptedHost({ commands: { [SCOPED]: {} }, files });
    await startQemu(host, OPTIONS);
    assert.deepEqual(host.ran, [SCOPED]);
    assert.deepEqual(host.written, [`mkdir ${vmPaths("web-1").folder}`]);
  });

  it("lets it open the groups of its functions, once each, and a disk that is a device", async () => {
    const functions = ["0000:82:00.2", "0000:82:00.3"];
    const options: QemuOptions = {
      ...OPTIONS,
      accelerator: "tcg",
      boot: { kind: "disk", path: "/dev/vg0/web-1", format: "raw" },
      nics: functions.map((pciAddress) => ({ kind: "sriov", pciAddress })),
    };
    const links = Object.fromEntries(
      functions.map((address) => [`/sys/bus/pci/devices/${address}/iommu_group`, "../../77"]),
    );
    const host = createScriptedHost({ files: { "/run/systemd/system/x": "" }, links });
    await assert.rejects(startQemu(host, options), { reason: "COMMAND_NOT_STARTED" });
    const allowed = [...(host.ran[0] ?? "").matchAll(/DeviceAllow=(\S+) rw/g)];
    assert.deepEqual(
      allowed.map((match) => match[1]),
      ["/dev/vfio/vfio", "/dev/vfio/77", "/dev/vg0/web-1"],
    );
  });

  it("runs QEMU itself where there is none", async () => {
    const host = createScriptedHost({ commands: { [QEMU.join(" ")]: {} } });
    await startQemu(host, OPTIONS);
    assert.deepEqual(host.ran, [QEMU.join(" ")]);
  });

  it("keeps QEMU's words and names the cause it knows", async () => {
    const stderr =
      "qemu-system-x86_64: -netdev type=vhost-vdpa,vhostdev=/dev/vhost-vdpa-0,queues=16,id=vhost-vdpa0: Could not open '/dev/vhost-vdpa-0': No such file or directory\n";
    const host = createScriptedHost({
      commands: { [QEMU.join(" ")]: { exitCode: 1, stderr } },
    });
    await assert.rejects(startQemu(host, OPTIONS), (error: { metadata?: object }) => {
      assert.deepEqual(error.metadata, {
        argv: QEMU.join(" "),
        exitCode: "1",
        stderr: stderr.trim(),
        cause: "the vDPA device is gone",
        try: "Apply the host's profile again",
      });
      return true;
    });
    await assert.rejects(startQemu(host, OPTIONS), { reason: "VM_START_FAILED" });
  });
});

describe("readVmProcess", () => {
  it("knows a running VM by pid, start time and name", async () => {
    const host = createScriptedHost({ files: RUNNING });
    const expected = { pid: 812, startTicks: 4711, isAlive: true };
    assert.deepEqual(await readVmProcess(host, "web-1"), expected);
  });

  it("is not misled by a pid that another program has now", async () => {
    const files = { ...RUNNING, "/proc/812/cmdline": "sleep\x080000" };
    const host = createScriptedHost({ files });
    assert.equal((await readVmProcess(host, "web-1"))?.isAlive, false);
    await killVm(host, "web-1");
    assert.deepEqual(host.ran, []);
  });

  it("is not misled by a VM whose name begins the same", async () => {
    const cmdline = QEMU.slice(3).join("\0").replace("web-1,", "web-12,");
    const host = createScriptedHost({ files: { ...RUNNING, "/proc/812/cmdline": cmdline } });
    assert.equal((await readVmProcess(host, "web-1"))?.isAlive, false);
  });

  it("takes a zombie and a process that is gone for dead, and no pid file for none", async () => {
    const zombie = { ...RUNNING, "/proc/812/stat": STAT.replace(" S ", " Z ") };
    assert.equal(
      (await readVmProcess(createScriptedHost({ files: zombie }), "web-1"))?.isAlive,
      false,
    );
    const gone = { [vmPaths("web-1").pidFile]: "812\n" };
    assert.equal(
      (await readVmProcess(createScriptedHost({ files: gone }), "web-1"))?.isAlive,
      false,
    );
    assert.equal(await readVmProcess(createScriptedHost({}), "web-1"), undefined);
  });

  it("reads the VM's NICs from its process", async () => {
    assert.deepEqual(await readVmNics(createScriptedHost({ files: RUNNING }), 812), [
      { vhostPath: "/dev/vhost-vdpa-0", mac: "52:54:00:cb:45:11" },
    ]);
  });
});

describe("readVmNicOptions", () => {
  const read = (device: string) => {
    const words = ["qemu", "-netdev", "type=vhost-vdpa,vhostdev=/dev/vhost-vdpa-0,id=n0"];
    const cmdline = `${[...words, "-device", device].join("\0")}\0`;
    return readVmNicOptions(createScriptedHost({ files: { "/proc/812/cmdline": cmdline } }), 812);
  };

  it("reads what decides how fast a NIC is", async () => {
    assert.deepEqual(await readVmNicOptions(createScriptedHost({ files: RUNNING }), 812), [
      {
        vhostPath: "/dev/vhost-vdpa-0",
        hasMultiqueue: true,
        hasPagePerVq: true,
        vectors: 34,
      },
    ]);
  });

  it("sees what is left out", async () => {
    const [nic] = await read("virtio-net-pci,netdev=n0,mac=52:54:00:cb:45:11");
    assert.deepEqual(
      [nic?.hasMultiqueue, nic?.hasPagePerVq, nic?.vectors],
      [false, false, undefined],
    );
  });
});

describe("killVm", () => {
  it("kills the VM's own process", async () => {
    const host = createScriptedHost({ files: RUNNING, commands: { "kill -KILL 812": {} } });
    await killVm(host, "web-1");
    assert.deepEqual(host.ran, ["kill -KILL 812"]);
  });
});

describe("detectAccelerator", () => {
  const cpuinfo = (flags: string) => `processor\t: 0\nflags\t\t: ${flags}\n`;

  it("wants both the device and the CPU's flag", async () => {
    const withDevice = (flags: string) =>
      createScriptedHost({ files: { "/dev/kvm": "", "/proc/cpuinfo": cpuinfo(flags) } });
    assert.equal(await detectAccelerator(withDevice("fpu svm")), "kvm");
    assert.equal(await detectAccelerator(withDevice("fpu")), "tcg");
    const files = { "/proc/cpuinfo": cpuinfo("fpu vmx") };
    assert.equal(await detectAccelerator(createScriptedHost({ files })), "tcg");
  });
});

describe("readQemuVersion", () => {
  it("reads the version, or that QEMU is not installed", async () => {
    const stdout = fixture(import.meta.url, "version.qemu-7.2.22.txt");
    const commands = { "qemu-system-x86_64 --version": { stdout } };
    assert.equal(await readQemuVersion(createScriptedHost({ commands })), "7.2.22");
    assert.equal(await readQemuVersion(createScriptedHost({})), undefined);
  });
});
