import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError, LIMITS_OF_IMAGES } from "@switchyard/model";
import { ImageSpec } from "@switchyard/proto";
import { readImageSpec } from "./image.ts";
import { createViolations } from "./violations.ts";

const SPEC = {
  source: "https://images.example/rocky9.qcow2",
  sha256: "ab".repeat(32),
  format: "qcow2",
};

function read(change: Partial<ImageSpec>) {
  const violations = createViolations();
  const spec = readImageSpec(ImageSpec.fromPartial({ ...SPEC, ...change }), violations.at("spec"));
  violations.assertNone();
  return spec;
}

const fieldsRefused = (change: Partial<ImageSpec>): readonly string[] => {
  try {
    read(change);
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
  return [];
};

describe("readImageSpec", () => {
  it("bounds size and virtual size also where nothing is said", () => {
    assert.deepEqual(read({}), {
      ...SPEC,
      sizeBytesMax: LIMITS_OF_IMAGES.sizeBytesDefault,
      virtualSizeBytesMax: LIMITS_OF_IMAGES.virtualSizeBytesDefault,
    });
    assert.equal(read({ virtualSizeBytesMax: 4096n })?.virtualSizeBytesMax, 4096);
  });

  it("refuses what no host could check, all of it at once", () => {
    assert.deepEqual(fieldsRefused({ sha256: "", source: "rocky9.qcow2", format: "vmdk" }), [
      "spec.source",
      "spec.sha256",
      "spec.format",
    ]);
    assert.deepEqual(fieldsRefused({ sizeBytesMax: -1n, virtualSizeBytesMax: 1n << 62n }), [
      "spec.size_bytes_max",
      "spec.virtual_size_bytes_max",
    ]);
    assert.deepEqual(fieldsRefused({ source: "https://user:word@images.example/x" }), [
      "spec.source",
    ]);
  });
});
