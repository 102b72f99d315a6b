import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { NetworkSpec } from "@switchyard/proto";
import { readNetworkSpec } from "./network.ts";
import { createViolations } from "./violations.ts";

const VALID = {
  bridge: "cxbr0",
  subnet: "192.168.101.0/24",
  ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
  macPool: { first: "52:54:00:cb:45:10", last: "52:54:00:cb:45:ff" },
};

function violatedFields(change: object): string[] {
  const violations = createViolations();
  const spec = NetworkSpec.fromPartial({ ...VALID, ...change });
  readNetworkSpec(spec, violations.at("network.spec"));
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
}

describe("readNetworkSpec", () => {
  it("takes a valid spec as it is", () => {
    const spec = readNetworkSpec(NetworkSpec.fromPartial(VALID), createViolations());
    assert.deepEqual(spec, { ...VALID, mtu: 1500, hasAntiSpoof: false, reservations: [] });
  });

  it("takes what it asks of its ports, and fills in the burst of a limit and the MAC pool", () => {
    const change = {
      macPool: undefined,
      vlan: 40,
      mtuBytes: 9000,
      antiSpoof: true,
      sendLimit: { bitsPerSecond: 10_000_000_000n, burstBits: 5_000_000n },
      receiveLimit: { bitsPerSecond: 1_000_000n },
      reservations: [{ address: "192.168.101.1" }, { address: "192.168.101.30", vm: "vms/web" }],
    };
    const wire = NetworkSpec.fromPartial({ ...VALID, ...change });
    assert.deepEqual(readNetworkSpec(wire, createViolations()), {
      ...VALID,
      macPool: { first: "52:54:00:00:00:00", last: "52:54:00:00:ff:ff" },
      vlan: 40,
      mtu: 9000,
      hasAntiSpoof: true,
      sendLimit: { bitsPerSecond: 10_000_000_000, burstBits: 5_000_000 },
      receiveLimit: { bitsPerSecond: 1_000_000, burstBits: 1_000_000 },
      reservations: [{ address: "192.168.101.1" }, { address: "192.168.101.30", vm: "web" }],
    });
  });

  const cases: readonly (readonly [string, object, string])[] = [
    ["no bridge", { bridge: "" }, "network.spec.bridge"],
    ["no subnet", { subnet: "" }, "network.spec.subnet"],
    ["a subnet with host bits", { subnet: "192.168.101.1/24" }, "network.spec.subnet"],
    ["a subnet without addresses", { subnet: "192.168.101.0/31" }, "network.spec.subnet"],
    ["no IP pool", { ipPool: undefined }, "network.spec.ip_pool.first"],
    [
      "a pool outside the subnet",
      { ipPool: { first: "10.0.0.1", last: "10.0.0.2" } },
      "network.spec.ip_pool.first",
    ],
    [
      "a pool with the subnet's own address",
      { ipPool: { first: "192.168.101.0", last: "192.168.101.9" } },
      "network.spec.ip_pool.first",
    ],
    [
      "a pool with the broadcast address",
      { ipPool: { first: "192.168.101.9", last: "192.168.101.255" } },
      "network.spec.ip_pool.last",
    ],
    [
      "a pool that ends before it begins",
      { ipPool: { first: "192.168.101.9", last: "192.168.101.8" } },
      "network.spec.ip_pool.last",
    ],
    ["half a MAC pool", { macPool: { first: "52:54:00:00:00:01" } }, "network.spec.mac_pool.last"],
    ["VLAN 4095", { vlan: 4095 }, "network.spec.vlan"],
    ["a negative VLAN", { vlan: -1 }, "network.spec.vlan"],
    ["an MTU below IPv4's least", { mtuBytes: 67 }, "network.spec.mtu_bytes"],
    ["an MTU above jumbo frames", { mtuBytes: 9217 }, "network.spec.mtu_bytes"],
    [
      "a limit of nothing",
      { sendLimit: { bitsPerSecond: 0n } },
      "network.spec.send_limit.bits_per_second",
    ],
    [
      "a rate between what Open vSwitch counts",
      { receiveLimit: { bitsPerSecond: 1_000_001n } },
      "network.spec.receive_limit.bits_per_second",
    ],
    [
      "a burst too large",
      { sendLimit: { bitsPerSecond: 1_000_000n, burstBits: 10_000_001_000n } },
      "network.spec.send_limit.burst_bits",
    ],
    [
      "a reservation outside the subnet",
      { reservations: [{ address: "10.0.0.1" }] },
      "network.spec.reservations[0].address",
    ],
    [
      "a reservation of the broadcast address",
      { reservations: [{ address: "192.168.101.255" }] },
      "network.spec.reservations[0].address",
    ],
    [
      "an address reserved twice",
      { reservations: [{ address: "192.168.101.1" }, { address: "192.168.101.1" }] },
      "network.spec.reservations[1].address",
    ],
    [
      "two reservations for one VM",
      {
        reservations: [
          { address: "192.168.101.1", vm: "vms/a" },
          { address: "192.168.101.2", vm: "vms/a" },
        ],
      },
      "network.spec.reservations[1].vm",
    ],
    [
      "more than 1024 reservations",
      {
        reservations: Array.from({ length: 1025 }, (_, at) => ({
          address: `192.168.${100 + Math.floor(at / 256)}.${at % 256}`,
        })),
      },
      "network.spec.reservations",
    ],
    [
      "a multicast MAC",
      { macPool: { first: "01:00:5e:00:00:01", last: "01:00:5e:00:00:02" } },
      "network.spec.mac_pool.first",
    ],
    [
      "a MAC pool over two vendors",
      { macPool: { first: "52:54:00:ff:ff:fe", last: "52:54:01:00:00:01" } },
      "network.spec.mac_pool.last",
    ],
    [
      "a MAC pool of more than 65536",
      { macPool: { first: "52:54:00:00:00:01", last: "52:54:00:ff:ff:fe" } },
      "network.spec.mac_pool.last",
    ],
  ];
  for (const [name, change, field] of cases) {
    it(`refuses ${name} at ${field}`, () => {
      assert.ok(violatedFields(change).includes(field), violatedFields(change).join(", "));
    });
  }
});
