import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { FirmwareImageKind, FirmwareSpec } from "@switchyard/proto";
import { toProtoFirmwareSpec } from "../convert/firmware.ts";
import { readFirmware } from "./firmware.ts";
import { createViolations } from "./violations.ts";

const IMAGE = {
  kind: FirmwareImageKind.DELL_DUP,
  artefact: { source: "/srv/nic.BIN", sha256: "0123456789abcdef".repeat(4) },
  psid: "DEL0000000027",
  version: "22.39.10.02",
  requiresVersion: "22.27.6106",
};
const VALID = FirmwareSpec.fromPartial({
  images: [IMAGE],
  config: { NUM_OF_VFS: "16", "HOST_CHAINING_MODE[0]": "DISABLED", UCTX_EN: "True" },
});
const withImage = (change: object) =>
  FirmwareSpec.fromPartial({ images: [{ ...IMAGE, ...change }] });

function violatedFields(spec: FirmwareSpec): readonly string[] {
  const violations = createViolations();
  readFirmware(spec, violations.at("firmware"));
  try {
    violations.assertNone();
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error.violations.map(({ field }) => field);
  }
}

describe("readFirmware", () => {
  it("takes a valid section, versions in either spelling, and gives it back", () => {
    const spec = readFirmware(VALID, createViolations());
    assert.ok(spec);
    assert.equal(spec.images[0]?.version, "22.39.1002");
    assert.equal(spec.images[0]?.artefact.sizeBytesMax, 512 * 1024 ** 2);
    const back = toProtoFirmwareSpec(spec);
    assert.deepEqual(back.config, VALID.config);
    assert.equal(back.images[0]?.version, "22.39.10.02");
    assert.equal(back.images[0]?.requiresVersion, "22.27.61.06");
    assert.deepEqual(readFirmware(back, createViolations()), spec);
  });

  const cases: readonly (readonly [string, FirmwareSpec, string])[] = [
    ["no kind", withImage({ kind: 0 }), "firmware.images[0].kind"],
    ["no artefact", withImage({ artefact: undefined }), "firmware.images[0].artefact"],
    [
      "a relative path",
      withImage({ artefact: { ...IMAGE.artefact, source: "nic.BIN" } }),
      "firmware.images[0].artefact.source",
    ],
    ["a board's name for a PSID", withImage({ psid: "0F6FXM" }), "firmware.images[0].psid"],
    ["no version", withImage({ version: "" }), "firmware.images[0].version"],
    [
      "a stepping stone of another family",
      withImage({ requiresVersion: "16.35.1012" }),
      "firmware.images[0].requires_version",
    ],
    ["one image twice", FirmwareSpec.fromPartial({ images: [IMAGE, IMAGE] }), "firmware.images[1]"],
    [
      "a name in lower case",
      FirmwareSpec.fromPartial({ config: { sriov_en: "1" } }),
      "firmware.config[sriov_en]",
    ],
    [
      "a value that is an option",
      FirmwareSpec.fromPartial({ config: { UCTX_EN: "1 -f" } }),
      "firmware.config[UCTX_EN]",
    ],
    [
      "a ceiling that is no number",
      FirmwareSpec.fromPartial({ config: { NUM_OF_VFS: "many" } }),
      "firmware.config[NUM_OF_VFS]",
    ],
  ];
  for (const [what, spec, field] of cases) {
    it(`refuses ${what}, at its field`, () => {
      assert.deepEqual(violatedFields(spec), [field]);
    });
  }
});
