import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LIMITS_OF_ARTEFACTS } from "@switchyard/model";
import { DriverSpec } from "@switchyard/proto";
import { toProtoDriverSpec } from "../convert/driver.ts";
import { readDriver } from "./driver.ts";
import { createViolations } from "./violations.ts";

const SHA256 = "ab".repeat(32);
const ARCHIVE = { source: "/srv/MLNX_OFED_LINUX-24.04-0.7.0.0-rhel9.4-x86_64.tgz", sha256: SHA256 };
const OFED = {
  version: "24.04-0.7.0.0",
  archive: ARCHIVE,
  distribution: "rhel9.4",
  extraFlags: ["--skip-unsupported-devices-check"],
};
const DOCA = { moduleVersion: "24.10-0.7.0", repository: ARCHIVE, packages: [] };

const ofed = (change: object) =>
  DriverSpec.fromPartial({ driver: { $case: "mlnxOfed", value: { ...OFED, ...change } } });
const doca = (change: object) =>
  DriverSpec.fromPartial({ driver: { $case: "docaOfed", value: { ...DOCA, ...change } } });

function violationsOf(spec: DriverSpec): string {
  const violations = createViolations();
  readDriver(spec, violations);
  try {
    violations.assertNone();
    return "";
  } catch (error) {
    return (error as { violations: readonly { field: string }[] }).violations
      .map(({ field }) => field)
      .join(" ");
  }
}

describe("readDriver", () => {
  it("takes each kind, and converts it back", () => {
    const inbox = DriverSpec.fromPartial({ driver: { $case: "inbox", value: {} } });
    for (const spec of [inbox, ofed({}), doca({ packages: ["doca-ofed", "doca-extra"] })]) {
      const read = readDriver(spec, createViolations());
      assert.ok(read !== undefined);
      assert.deepEqual(toProtoDriverSpec(read), spec);
    }
  });

  it("bounds the archive and fills in the package that DOCA means", () => {
    const read = readDriver(doca({}), createViolations());
    assert.ok(read?.kind === "doca-ofed");
    assert.deepEqual(read.packages, ["doca-ofed"]);
    assert.equal(read.repository.sizeBytesMax, LIMITS_OF_ARTEFACTS.driverBytesMax);
  });

  const cases: readonly (readonly [string, DriverSpec, string])[] = [
    ["no kind", DriverSpec.fromPartial({}), "inbox"],
    ["a release with five numbers", ofed({ version: "24.04-0.7.0.0.1" }), "mlnx_ofed.version"],
    ["a distribution that is an option", ofed({ distribution: "--x" }), "mlnx_ofed.distribution"],
    [
      "a flag that is not known",
      ofed({ extraFlags: ["--umad-dev-rw"] }),
      "mlnx_ofed.extra_flags[0]",
    ],
    ["no archive", ofed({ archive: undefined }), "mlnx_ofed.archive"],
    ["no checksum", ofed({ archive: { ...ARCHIVE, sha256: "" } }), "mlnx_ofed.archive.sha256"],
    [
      "a source with a password",
      ofed({ archive: { ...ARCHIVE, source: "https://me:x@files.example/a.tgz" } }),
      "mlnx_ofed.archive.source",
    ],
    ["a package of another vendor", doca({ packages: ["bash"] }), "doca_ofed.packages[0]"],
    [
      "a release for a module's version",
      doca({ moduleVersion: "2.9.0" }),
      "doca_ofed.module_version",
    ],
  ];
  for (const [name, spec, field] of cases) {
    it(`refuses ${name} at ${field}`, () => assert.equal(violationsOf(spec), field));
  }
});
