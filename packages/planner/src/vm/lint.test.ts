import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type GuestSetup,
  type ImageFormat,
  type Ipv4Address,
  type NetworkSpec,
  type NicSpec,
  PLAIN_PORT,
  parseImageId,
  type VmSpec,
} from "@switchyard/model";
import { buildBareR740, buildVmDesired, cidr, slotMac } from "@switchyard/testkit/builders";
import { lintNetwork, lintVm } from "./lint.ts";

const network: NetworkSpec = {
  bridge: "cxbr0",
  subnet: cidr("192.168.101.0/24"),
  ipPool: { first: "192.168.101.20" as Ipv4Address, last: "192.168.101.99" as Ipv4Address },
  macPool: { first: slotMac(0), last: slotMac(255) },
  ...PLAIN_PORT,
};
const { spec } = buildVmDesired(buildBareR740());

const nicsOf = (change: Partial<NicSpec>) => spec.nics.map((nic) => ({ ...nic, ...change }));

describe("lintVm", () => {
  it("passes the seed's VM", () => {
    const seed = { ...spec, vcpuCount: 16, nics: nicsOf({ queuePairs: 16 }) };
    const nics = [{ maxVqp: 16, network, bridgeAddresses: [cidr("192.168.101.2/24")] }];
    const around = { iommuGroupCount: 9, nics };
    assert.deepEqual(lintVm("vm1", seed, around), []);
  });

  it("compares queue pairs with device and vCPUs, and shows the vectors", () => {
    const greedy = { ...spec, vcpuCount: 8, nics: nicsOf({ queuePairs: 16 }) };
    assert.deepEqual(
      lintVm("vm1", greedy, { nics: [{ maxVqp: 8 }] }).map(({ found }) => found),
      ["16 queue pairs (34 vectors)", "16 queue pairs, 8 vCPUs"],
    );
  });

  it("refuses an address outside the subnet, and one that a host's bridge has", () => {
    const bridgeAddresses = [cidr("192.168.101.2/24")];
    const foundFor = (address: string) =>
      lintVm(
        "vm1",
        { ...spec, nics: nicsOf({ address: address as Ipv4Address }) },
        { nics: [{ network, bridgeAddresses }] },
      ).map(({ found }) => found);
    assert.deepEqual(foundFor("192.168.101.200"), []);
    assert.deepEqual(foundFor("192.168.102.1"), ["192.168.102.1"]);
    assert.deepEqual(foundFor("192.168.101.255"), ["192.168.101.255"]);
    assert.deepEqual(foundFor("192.168.101.2"), ["192.168.101.2, which a host's bridge has"]);
  });

  it("refuses to set a guest up in the disk of an ISO, which has none", () => {
    const guestSetup: GuestSetup = {
      method: "disk-edit",
      sshKeys: [],
      isNicUnmanaged: false,
      hasEmptyRootPassword: false,
    };
    const edited: VmSpec = {
      ...spec,
      boot: { kind: "image", image: parseImageId("alpine"), guestSetup },
    };
    const found = (imageFormat: ImageFormat) => lintVm("vm-a", edited, { imageFormat });
    assert.equal(found("iso")[0]?.reason, "LINT_FAILED");
    assert.deepEqual(found("qcow2"), []);
  });

  it("warns of a host without an IOMMU", () => {
    const [finding] = lintVm("vm1", spec, { iommuGroupCount: 0 });
    assert.equal(finding?.severity, "warning");
  });
});

describe("lintNetwork", () => {
  const ip = (text: string) => text as Ipv4Address;
  const foundIn = (change: Partial<NetworkSpec>, bridges: string[] = []) =>
    lintNetwork({ ...network, ...change }, bridges.map(cidr)).map(({ found }) => found);

  it("keeps bridge addresses out of the pool", () => {
    assert.deepEqual(foundIn({}, ["192.168.101.2/24", "192.168.101.20/24"]), [
      "bridge address 192.168.101.20/24",
    ]);
  });

  it("keeps the pool within the subnet's host addresses", () => {
    const ipPool = { first: ip("192.168.101.0"), last: ip("192.168.102.3") };
    assert.deepEqual(foundIn({ ipPool }), ["192.168.101.0, 192.168.102.3"]);
  });

  it("refuses pools that end before they begin", () => {
    const ipPool = { first: ip("192.168.101.30"), last: ip("192.168.101.20") };
    assert.deepEqual(foundIn({ ipPool }), ["192.168.101.30 to 192.168.101.20"]);
  });
});
