import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type AllocatedNic,
  parseImageId,
  parseIpv4Cidr,
  parseMacAddress,
  parseNetworkId,
  parsePciAddress,
  type VmSpec,
} from "@switchyard/model";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { liveObstacle, migrationCapability } from "./migration-capability.ts";

const NIC: AllocatedNic = {
  index: 0,
  kind: "vdpa",
  pf: parsePciAddress("0000:82:00.0"),
  vfIndex: 0,
  slotMac: parseMacAddress("52:54:00:00:00:01"),
  mac: parseMacAddress("52:54:00:cb:45:11"),
  network: parseNetworkId("lan"),
  address: parseIpv4Cidr("192.168.101.20/24"),
  bridge: "cxbr0",
  queuePairs: 2,
};
const SPEC: VmSpec = {
  vcpuCount: 2,
  memoryBytes: 2 * 1024 ** 3,
  boot: { kind: "image", image: parseImageId("rocky9") },
  nics: [{ network: NIC.network, kind: "vdpa", queuePairs: 2 }],
  hostSelector: {},
  hasGuestAgent: true,
};
const bare = buildBareR740();
const hostWith = (qemuVersion: string, kernelRelease: string) => ({
  ...bare,
  qemuVersion,
  os: { ...bare.os, kernelRelease },
});
const told = (overrides: {
  readonly spec?: Partial<VmSpec>;
  readonly nic?: Partial<AllocatedNic>;
  readonly host?: typeof bare;
}) =>
  migrationCapability({
    spec: { ...SPEC, ...overrides.spec },
    nics: [{ ...NIC, ...overrides.nic }],
    host: overrides.host ?? hostWith("9.1.0", "6.12.0"),
  });
const found = (answer: ReturnType<typeof told>, method: string) =>
  answer.obstacles.find((obstacle) => obstacle.method === method)?.found ?? "";

describe("migrationCapability", () => {
  it("moves a VM live where nothing stands against it", () => {
    const answer = told({});
    assert.deepEqual([answer.method, answer.obstacles], ["live-vdpa", []]);
  });

  it("moves a VM cold, and says of each better way what stands against it", () => {
    const answer = told({ host: hostWith("7.2.22", "6.12.0") });
    assert.equal(answer.method, "cold");
    assert.deepEqual(
      answer.obstacles.map(({ method }) => method),
      ["live-vdpa", "live-vfio", "unplug-replug"],
    );
    assert.match(found(answer, "live-vdpa"), /QEMU 7\.2\.22/);
    assert.match(found(answer, "live-vfio"), /kind vdpa/);
  });

  it("asks for two hosts that make the same machine of a VM", () => {
    const own = hostWith("9.1.0", "6.12.0");
    const between = (other: typeof bare) =>
      liveObstacle({ spec: SPEC, nics: [NIC], host: own }, other);
    assert.equal(between(own), undefined);
    assert.match(between(hostWith("9.1.0", "5.14.0"))?.found ?? "", /kernel 5\.14\.0 on the other/);
    assert.match(between(hostWith("9.0.0", "6.12.0"))?.found ?? "", /QEMU 9\.0\.0 on the other/);
    const cpu = { ...own.cpu, modelName: "another" };
    assert.match(between({ ...own, cpu })?.found ?? "", /a CPU another/);
    assert.match(between({ ...own, accelerator: "tcg" })?.found ?? "", /guests by tcg/);
    const facts = { spec: SPEC, nics: [NIC], host: own };
    const alone = migrationCapability({ ...facts, others: [] });
    assert.match(found(alone, "live-vdpa"), /no other host/);
    assert.equal(migrationCapability({ ...facts, others: [bare, own] }).method, "live-vdpa");
  });

  it("leaves what can't be told to go live where it is", () => {
    assert.match(found(told({ spec: { runtime: "libvirt" } }), "live-vdpa"), /runtime libvirt/);
    const nics = [NIC, { ...NIC, index: 1, kind: "sriov" as const }];
    const mixed = migrationCapability({ spec: SPEC, nics, host: hostWith("9.1.0", "6.12.0") });
    assert.match(found(mixed, "live-vdpa"), /kind sriov/);
  });

  it("names the software that is too old first", () => {
    assert.match(found(told({ host: hostWith("8.0.4", "6.12.0") }), "live-vdpa"), /QEMU 8\.0\.4/);
    const rocky = hostWith("8.2.0", "5.14.0-427.el9.x86_64");
    assert.match(found(told({ host: rocky }), "live-vdpa"), /kernel 5\.14\.0-427/);
    const unknown = migrationCapability({ spec: SPEC, nics: [NIC], host: undefined });
    assert.match(found(unknown, "live-vdpa"), /no QEMU/);
  });

  it("asks VFs for a driver that hands over its state", () => {
    const answer = told({ nic: { kind: "sriov" } });
    assert.match(found(answer, "live-vfio"), /driver none/);
    assert.match(found(answer, "live-vdpa"), /kind sriov/);
  });

  it("needs a guest that can be asked to let go of its NICs", () => {
    assert.match(
      found(
        told({ spec: { hasGuestAgent: false }, host: hostWith("7.2.22", "6.12.0") }),
        "unplug-replug",
      ),
      /false/,
    );
  });

  it("can't move what is its host's: a file, or a MAC", () => {
    const boot = { kind: "disk", path: "/srv/disk.qcow2", format: "qcow2" } as const;
    const file = told({ spec: { boot } });
    assert.equal(file.method, "none");
    assert.match(found(file, "cold"), /\/srv\/disk\.qcow2/);
    const mac = told({ nic: { mac: NIC.slotMac } });
    assert.equal(mac.method, "none");
    assert.match(found(mac, "cold"), /hardware fixes/);
  });
});
