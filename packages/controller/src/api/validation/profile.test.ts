import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { BondMode, DatapathMode, ProfileSpec, VfDriver } from "@switchyard/proto";
import { readProfileSpec } from "./profile.ts";
import { createViolations } from "./violations.ts";

const VALID = ProfileSpec.fromPartial({
  selector: { pool: "r740" },
  datapath: {
    mode: DatapathMode.VDPA,
    uplink: { $case: "uplinkPort", value: 0 },
    vfCount: 2,
    maxVqp: 16,
    bridge: {
      name: "cxbr0",
      addressRange: { first: "192.168.101.2", last: "192.168.101.9", prefixLength: 24 },
    },
    hwOffload: true,
  },
});

const SRIOV = ProfileSpec.fromPartial({
  selector: { pool: "r740" },
  datapath: {
    mode: DatapathMode.SRIOV,
    uplink: { $case: "uplinkPort", value: 0 },
    vfCount: 2,
  },
});

const BOND = {
  name: "bond0",
  mode: BondMode.IEEE_802_3AD,
  ports: [{ selector: { $case: "port" as const, value: 1 } }],
};

const withDatapath = (change: object): ProfileSpec =>
  ProfileSpec.fromPartial({ ...VALID, datapath: { ...VALID.datapath, ...change } });

function violatedFields(spec: ProfileSpec | undefined): string[] {
  const violations = createViolations();
  readProfileSpec(spec, violations.at("profile.spec"));
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
}

const range = (first: string, last: string, prefixLength: number): ProfileSpec =>
  withDatapath({ bridge: { name: "cxbr0", addressRange: { first, last, prefixLength } } });

describe("readProfileSpec", () => {
  it("takes a valid spec as it is", () => {
    const violations = createViolations();
    const spec = readProfileSpec(VALID, violations);
    violations.assertNone();
    assert.ok(spec?.datapath.mode === "vdpa");
    assert.equal(spec.datapath.vfCount, 2);
    assert.deepEqual(spec.datapath.uplink, { kind: "port", port: 0 });
    assert.equal(spec.datapath.bridge.addressRange?.last, "192.168.101.9");
  });

  const cases: readonly (readonly [string, ProfileSpec | undefined, string])[] = [
    ["no spec", undefined, "profile.spec"],
    ["no datapath", ProfileSpec.fromPartial({}), "profile.spec.datapath"],
    ["no mode", withDatapath({ mode: 0 }), "profile.spec.datapath.mode"],
    ["a mode of a newer release", withDatapath({ mode: 99 }), "profile.spec.datapath.mode"],
    ["no uplink", withDatapath({ uplink: undefined }), "profile.spec.datapath.uplink_port"],
    [
      "a negative uplink port",
      withDatapath({ uplink: { $case: "uplinkPort", value: -1 } }),
      "profile.spec.datapath.uplink_port",
    ],
    [
      "a malformed PCI address",
      withDatapath({ uplink: { $case: "uplinkPciAddress", value: "82:00.0" } }),
      "profile.spec.datapath.uplink_pci_address",
    ],
    ["no VFs", withDatapath({ vfCount: 0 }), "profile.spec.datapath.vf_count"],
    ["128 VFs", withDatapath({ vfCount: 128 }), "profile.spec.datapath.vf_count"],
    ["no queue pairs", withDatapath({ maxVqp: 0 }), "profile.spec.datapath.max_vqp"],
    ["33 queue pairs", withDatapath({ maxVqp: 33 }), "profile.spec.datapath.max_vqp"],
    ["no bridge", withDatapath({ bridge: undefined }), "profile.spec.datapath.bridge"],
    [
      "a bridge name of 16 characters",
      withDatapath({ bridge: { name: "a234567890123456" } }),
      "profile.spec.datapath.bridge.name",
    ],
    [
      "a bridge name that is an option",
      withDatapath({ bridge: { name: "--db=x" } }),
      "profile.spec.datapath.bridge.name",
    ],
    [
      "a range without first",
      range("", "10.0.0.9", 24),
      "profile.spec.datapath.bridge.address_range.first",
    ],
    [
      "a range that ends before it begins",
      range("10.0.0.9", "10.0.0.2", 24),
      "profile.spec.datapath.bridge.address_range.last",
    ],
    [
      "a range over two subnets",
      range("10.0.0.9", "10.0.1.2", 24),
      "profile.spec.datapath.bridge.address_range.last",
    ],
    [
      "a prefix length of 33",
      range("10.0.0.1", "10.0.0.1", 33),
      "profile.spec.datapath.bridge.address_range.prefix_length",
    ],
    [
      "a label key with a space",
      ProfileSpec.fromPartial({ ...VALID, selector: { "a b": "c" } }),
      "profile.spec.selector[a b]",
    ],
  ];
  for (const [name, spec, field] of cases) {
    it(`refuses ${name} at ${field}`, () => {
      assert.ok(violatedFields(spec).includes(field), violatedFields(spec).join(", "));
    });
  }

  it("names all violated fields at once", () => {
    const spec = withDatapath({ mode: 0, vfCount: 0, maxVqp: 99, bridge: undefined });
    assert.equal(violatedFields(spec).length, 4);
  });

  it("takes mode sriov with the driver that VFs get, auto unless named", () => {
    const violations = createViolations();
    const spec = readProfileSpec(SRIOV, violations);
    violations.assertNone();
    assert.deepEqual(spec?.datapath, {
      mode: "sriov",
      uplink: { kind: "port", port: 0 },
      vfCount: 2,
      vfDriver: "auto",
    });
    const named = { ...SRIOV.datapath, vfDriver: VfDriver.MLX5_VFIO_PCI };
    const other = readProfileSpec(
      ProfileSpec.fromPartial({ ...SRIOV, datapath: named }),
      createViolations(),
    );
    assert.ok(other?.datapath.mode === "sriov");
    assert.equal(other.datapath.vfDriver, "mlx5_vfio_pci");
  });

  it("refuses in mode sriov what only mode vdpa has, each field by its name", () => {
    const spec = ProfileSpec.fromPartial({
      ...VALID,
      datapath: { ...VALID.datapath, mode: DatapathMode.SRIOV, vfDriver: 99 as VfDriver },
    });
    assert.deepEqual(
      violatedFields(spec),
      ["max_vqp", "bridge", "hw_offload", "vf_driver"].map(
        (field) => `profile.spec.datapath.${field}`,
      ),
    );
  });

  it("takes a bond of the uplink with another port", () => {
    const violations = createViolations();
    const spec = readProfileSpec(withDatapath({ bond: BOND }), violations);
    violations.assertNone();
    assert.ok(spec?.datapath.mode === "vdpa");
    assert.deepEqual(spec.datapath.bond, {
      name: "bond0",
      mode: "802.3ad",
      ports: [{ kind: "port", port: 1 }],
    });
  });

  it("refuses bonds that can't be, each by its field", () => {
    const fields = (bond: object) =>
      violatedFields(withDatapath({ bond: { ...BOND, ...bond } })).map((field) =>
        field.replace("profile.spec.datapath.", ""),
      );
    const port = (value: number) => ({ selector: { $case: "port" as const, value } });
    assert.deepEqual(fields({ name: "" }), ["bond.name"]);
    assert.deepEqual(fields({ name: "cxbr0" }), ["bond.name"]);
    assert.deepEqual(fields({ mode: 0 }), ["bond.mode"]);
    assert.deepEqual(fields({ ports: [] }), ["bond.ports"]);
    assert.deepEqual(fields({ ports: [port(1), port(2)] }), ["bond.ports"]);
    assert.deepEqual(fields({ ports: [port(0)] }), ["bond.ports"]);
    assert.deepEqual(fields({ ports: [{}] }), ["bond.ports[0]"]);
    const sriov = ProfileSpec.fromPartial({
      ...SRIOV,
      datapath: { ...SRIOV.datapath, bond: BOND },
    });
    assert.deepEqual(violatedFields(sriov), ["profile.spec.datapath.bond"]);
  });

  it("refuses a VF driver in mode vdpa", () => {
    assert.deepEqual(violatedFields(withDatapath({ vfDriver: VfDriver.VFIO_PCI })), [
      "profile.spec.datapath.vf_driver",
    ]);
  });
});
