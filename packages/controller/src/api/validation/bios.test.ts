import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { NicVirtualization } from "@switchyard/proto";
import { readBios } from "./bios.ts";
import { createViolations } from "./violations.ts";

function violationsOf(attributes: Record<string, string>) {
  const violations = createViolations();
  readBios({ attributes, nicVirtualization: NicVirtualization.UNSPECIFIED }, violations);
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field, description }) => `${field} ${description}`);
  }
}

describe("readBios", () => {
  it("takes settings it knows and settings it does not", () => {
    const attributes = { ProcVirtualization: "Enabled", AcPwrRcvryUserDelay: "60" };
    assert.deepEqual(violationsOf(attributes), []);
    const nicVirtualization = NicVirtualization.UNSPECIFIED;
    assert.deepEqual(readBios({ attributes, nicVirtualization }, createViolations()), {
      attributes,
    });
  });

  it("takes SR-IOV of the NICs alone, and nothing unheard of", () => {
    const read = (nicVirtualization: NicVirtualization) => {
      const violations = createViolations();
      const spec = readBios({ attributes: {}, nicVirtualization }, violations);
      violations.assertNone();
      return spec;
    };
    const wanted = { attributes: {}, nicVirtualization: "sriov" };
    assert.deepEqual(read(NicVirtualization.SRIOV), wanted);
    assert.throws(() => read(9 as NicVirtualization), InvalidInputError);
  });

  it("says what a setting that it knows takes", () => {
    assert.deepEqual(violationsOf({ SriovGlobalEnable: "on" }), [
      "attributes[SriovGlobalEnable] value must be one of Enabled, Disabled",
    ]);
  });

  it("names the setting that Intel machines do not have", () => {
    const [violation] = violationsOf({ IommuSupport: "Enabled" });
    assert.match(violation ?? "", /^attributes\[IommuSupport\] exists on AMD machines only/);
  });

  it("refuses names and values that none can have, and says which", () => {
    const fields = violationsOf({ "Proc Virt": "x", "1st": "x", A: " x", B: "", C: "x\n" });
    assert.deepEqual(
      fields.map((each) => each.split("]")[0]),
      ["attributes[Proc Virt", "attributes[1st", "attributes[A", "attributes[B", "attributes[C"],
    );
  });

  it("is bounded, and empty is not a wish", () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`A${at}`, "x"]));
    assert.deepEqual(violationsOf(many), ["attributes has more than 64 entries"]);
    assert.match(violationsOf({})[0] ?? "", /^attributes is empty/);
  });
});
