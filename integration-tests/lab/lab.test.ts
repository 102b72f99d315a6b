import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { packInitrd } from "./build/cpio.ts";
import { describeNic, formatYaml } from "./nic-profile.ts";
import { qemuArguments } from "./qemu-arguments.ts";
import { createTopology, listNetdevs } from "./topology.ts";

describe("createTopology", () => {
  it("gives the first lab host the seed's MACs and no MAC to two devices", () => {
    const topology = createTopology({ index: 0, vfCount: 2 });
    const macs = [0, 1, 99].flatMap((index) =>
      listNetdevs(createTopology({ index, vfCount: 8 })).map(({ mac }) => mac),
    );
    assert.deepEqual(
      topology.vfs.map(({ mac }) => mac),
      ["52:54:00:cb:45:11", "52:54:00:cb:45:22"],
    );
    assert.equal(new Set(macs).size, macs.length);
  });

  it("refuses what its MACs and root ports cannot express", () => {
    assert.throws(() => createTopology({ index: 100, vfCount: 2 }), RangeError);
    assert.throws(() => createTopology({ index: 0, vfCount: 9 }), RangeError);
  });
});

describe("qemuArguments", () => {
  const topology = createTopology({ index: 0, vfCount: 2 });
  const argv = qemuArguments({
    topology,
    artefacts: { kernel: "k", initrd: "i", root: "/r,1" },
    paths: {
      directory: "/d",
      serialLog: "/d/serial",
      qmpSocket: "/d/qmp",
      agentSocket: "/d/qga",
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
  });

  it("joins each VF with its own representor", () => {
    const ends = ["vf1", "rep1"].map((netdev) =>
      argv.find((item) => item.includes(`id=${netdev},`)),
    );
    assert.match(ends[0] ?? "", /local\.port=3,.*remote\.port=4$/);
    assert.match(ends[1] ?? "", /local\.port=4,.*remote\.port=3$/);
  });

  it("puts each card on the bus its PCI address names", () => {
    const cards = argv.filter((item) => item.startsWith("virtio-net-pci"));
    for (const { mac, pciAddress } of listNetdevs(topology)) {
      const card = cards.find((item) => item.includes(mac));
      assert.match(card ?? "", new RegExp(`bus=port${Number(`0x${pciAddress.slice(5, 7)}`)},`));
    }
  });

  it("isolates the lab host unless told otherwise, and escapes commas in paths", () => {
    assert.ok(argv.includes("user,id=mgmt0,restrict=on"));
    assert.ok(argv.some((item) => item.startsWith("local,path=/r,,1,mount_tag=root")));
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
