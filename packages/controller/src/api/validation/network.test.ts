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
    assert.deepEqual(spec, VALID);
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
    ["no MAC pool", { macPool: undefined }, "network.spec.mac_pool.first"],
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
