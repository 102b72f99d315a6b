import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FACTORY_KERNEL_ARGUMENTS, readBootLoaderArguments } from "./boot-loader.ts";
import { packBootRecord } from "./build/boot-record.ts";
import { packInitrd } from "./build/cpio.ts";
import { settableVdpaSource } from "./build/settable-vdpa.ts";
import { LabBuildError } from "./build/steps.ts";
import { startImageServer } from "./image-server.ts";
import { describeNic, formatYaml, type VdpaMacs } from "./nic-profile.ts";
import { qemuArguments } from "./qemu-arguments.ts";
import { createTopology, listNetdevs, sriovVfAddress } from "./topology.ts";

describe("createTopology", () => {
  it("gives the first lab host the seed's MACs and no MAC to two devices", () => {
    const topology = createTopology({ index: 0, vfCount: 2 });
    const macs = [0, 1, 99].flatMap((index) =>
      listNetdevs(createTopology({ index, vfCount: 8, hasSriovNic: true })).map(({ mac }) => mac),
    );
    assert.deepEqual(
      topology.vfs.map(({ mac }) => mac),
      ["52:54:00:cb:45:11", "52:54:00:cb:45:22"],
    );
    assert.equal(new Set(macs).size, macs.length);
  });

  it("knows igb's VF addresses, two functions apart", () => {
    const { sriovPf } = createTopology({ index: 0, vfCount: 2, hasSriovNic: true });
    assert.ok(sriovPf !== undefined);
    assert.deepEqual(
      [0, 3, 4].map((index) => sriovVfAddress(sriovPf, index)),
      ["0000:07:10.0", "0000:07:10.6", "0000:07:11.0"],
    );
  });

  it("refuses what its MACs and root ports cannot express", () => {
    assert.throws(() => createTopology({ index: 100, vfCount: 2 }), RangeError);
    assert.throws(() => createTopology({ index: 0, vfCount: 9 }), RangeError);
  });
});

describe("qemuArguments", () => {
  const topology = createTopology({ index: 0, vfCount: 2, hasSriovNic: true });
  const argv = qemuArguments({
    topology,
    artefacts: {
      kernel: "k",
      initrd: "i",
      root: "/r,1",
      guestImage: "g",
      smallImage: "s",
      hasSriovNic: true,
    },
    paths: {
      directory: "/d",
      serialLog: "/d/serial",
      qmpSocket: "/d/qmp",
      agentSocket: "/d/qga",
      relaySocket: "/d/relay",
      disk: "/d/disk,1",
      configDirectory: "/d/config",
      payloadDirectory: "/d/payload",
      stateDirectory: "/d/state",
    },
    memoryMib: 4096,
    vfLinks: [
      { localPort: 1, remotePort: 2 },
      { localPort: 3, remotePort: 4 },
    ],
    uplinkLink: { localPort: 5, remotePort: 6 },
    reachesOuterMachine: false,
    kernelArguments: "intel_iommu=on iommu=pt",
  });

  it("joins each VF with its own representor", () => {
    const ends = ["vf1", "rep1"].map((netdev) =>
      argv.find((item) => item.includes(`id=${netdev},`)),
    );
    assert.match(ends[0] ?? "", /local\.port=3,.*remote\.port=4$/);
    assert.match(ends[1] ?? "", /local\.port=4,.*remote\.port=3$/);
  });

  it("puts each card on the bus its PCI address names", () => {
    const cards = argv.filter((item) => /^(virtio-net-pci|igb),/.test(item));
    for (const { mac, pciAddress } of listNetdevs(topology)) {
      const card = cards.find((item) => item.includes(mac));
      assert.match(card ?? "", new RegExp(`bus=port${Number(`0x${pciAddress.slice(5, 7)}`)},`));
    }
  });

  it("isolates the lab host unless told otherwise, and escapes commas in paths", () => {
    assert.ok(argv.includes("user,id=mgmt0,restrict=on"));
    assert.ok(argv.some((item) => item.startsWith("local,path=/r,,1,mount_tag=root")));
    assert.ok(argv.some((item) => item.endsWith("file=/d/disk,,1")));
  });

  it("adds the boot loader's arguments to those that emulation needs", () => {
    const append = argv[argv.indexOf("-append") + 1];
    assert.match(append ?? "", /^console=ttyS0 .* intel_iommu=on iommu=pt$/);
  });
});

describe("readBootLoaderArguments", () => {
  it("reads what update-grub wrote, and the factory's before it ever ran", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sy-boot-"));
    assert.equal(await readBootLoaderArguments(directory), FACTORY_KERNEL_ARGUMENTS);
    await mkdir(join(directory, "boot/grub"), { recursive: true });
    const entry = "menuentry 'Debian' {\n\tlinux\t/boot/vmlinuz-6.12 pci=realloc  iommu=pt\n}\n";
    await writeFile(join(directory, "boot/grub/grub.cfg"), entry);
    assert.equal(await readBootLoaderArguments(directory), "pci=realloc  iommu=pt");
    await rm(directory, { recursive: true });
  });
});

describe("formatYaml", () => {
  it("writes lists of maps so that a YAML reader finds the nesting again", () => {
    const text = formatYaml({ pfs: [{ vfs: [{ index: 0, mac: "02:00" }] }], modules: ["a"] });
    assert.equal(
      text,
      'pfs:\n  - vfs:\n      - index: 0\n        mac: "02:00"\nmodules:\n  - "a"\n',
    );
  });

  it("describes every VF with the representor it is joined to", () => {
    const { pfs } = describeNic(createTopology({ index: 3, vfCount: 2 }), "fixed");
    assert.deepEqual(
      pfs[0]?.vfs.map(({ index, representor }) => [index, representor]),
      [
        [0, "rep0"],
        [1, "rep1"],
      ],
    );
  });

  it("names the hardware's MACs only where nobody can set others", () => {
    const lab = createTopology({ index: 3, vfCount: 2 });
    const vfsOf = (macs: VdpaMacs) => describeNic(lab, macs).pfs[0]?.vfs ?? [];
    assert.ok(vfsOf("fixed").every((vf) => "fixed_mac" in vf && vf.driver === "vp-vdpa"));
    assert.ok(vfsOf("settable").every((vf) => !("fixed_mac" in vf) && vf.driver === "lab-vdpa"));
  });
});

describe("settableVdpaSource", () => {
  it("refuses a driver that it was not written for", () => {
    assert.throws(() => settableVdpaSource("int main(void) {}\n"), LabBuildError);
  });
});

describe("packInitrd", () => {
  it("aligns every part to four bytes, makes missing folders, and ends with the trailer", async () => {
    const archive = await packInitrd([
      { kind: "data", path: "a/b/file", data: Buffer.from("12345"), mode: 0o644 },
    ]);
    const text = archive.toString("latin1");
    assert.equal(archive.length % 4, 0);
    assert.deepEqual(
      [...text.matchAll(/070701/g)].map(({ index }) => index % 4),
      [0, 0, 0, 0],
    );
    assert.ok(text.includes("a/b/file\0") && text.includes("TRAILER!!!\0"));
  });
});

describe("packBootRecord", () => {
  const linux = { type: 0x83, isActive: false, firstSector: 2048, sectorCount: 4096 };

  it("puts the code first, the partitions behind it, and the BIOS's mark last", () => {
    const sector = packBootRecord(Buffer.from([0xeb]), [{ ...linux, isActive: true }, linux]);
    assert.equal(sector.length, 512);
    assert.deepEqual([sector[0], sector[446], sector[450], sector[462]], [0xeb, 0x80, 0x83, 0]);
    assert.deepEqual([sector.readUInt32LE(454), sector.readUInt32LE(458)], [2048, 4096]);
    assert.equal(sector.readUInt16LE(510), 0xaa55);
  });

  it("refuses code and tables that do not fit", () => {
    assert.throws(() => packBootRecord(Buffer.alloc(441), []), RangeError);
    assert.throws(() => packBootRecord(Buffer.alloc(0), Array(5).fill(linux)), RangeError);
  });
});

describe("startImageServer", () => {
  it("serves its file, goes on from a byte on, and has nothing else", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sy-image-"));
    const file = join(directory, "guest.qcow2");
    await writeFile(file, "0123456789");
    const server = await startImageServer(file);
    try {
      const url = `http://127.0.0.1:${server.port}${server.path}`;
      const whole = await fetch(url);
      assert.deepEqual([whole.status, await whole.text()], [200, "0123456789"]);
      const rest = await fetch(url, { headers: { range: "bytes=7-" } });
      assert.deepEqual([rest.status, await rest.text()], [206, "789"]);
      const beyond = await fetch(url, { headers: { range: "bytes=10-" } });
      assert.deepEqual([beyond.status, await beyond.text()], [416, ""]);
      assert.equal((await fetch(`${url}.other`)).status, 404);
      assert.equal(
        server.sha256,
        "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
      );
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  });
});
