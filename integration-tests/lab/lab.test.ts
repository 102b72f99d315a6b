import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FACTORY_KERNEL_ARGUMENTS, readBootLoaderArguments } from "./boot-loader.ts";
import { packInitrd } from "./build/cpio.ts";
import { describeNic, formatYaml } from "./nic-profile.ts";
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
    artefacts: { kernel: "k", initrd: "i", root: "/r,1", hasSriovNic: true },
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
    const { pfs } = describeNic(createTopology({ index: 3, vfCount: 2 }));
    assert.deepEqual(
      pfs[0]?.vfs.map(({ index, representor }) => [index, representor]),
      [
        [0, "rep0"],
        [1, "rep1"],
      ],
    );
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
