import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { comparePackageVersions } from "./package-version.ts";

describe("comparePackageVersions", () => {
  it("orders kernels by number and not by text", () => {
    const releases = [
      "5.14.0-427.42.1.el9_4.x86_64",
      "5.14.0-427.9.1.el9_4.x86_64",
      "5.14.0-427.13.1.el9_4.x86_64",
      "5.14.0-362.24.1.el9_3.x86_64",
    ];
    assert.deepEqual(releases.toSorted(comparePackageVersions), [
      "5.14.0-362.24.1.el9_3.x86_64",
      "5.14.0-427.9.1.el9_4.x86_64",
      "5.14.0-427.13.1.el9_4.x86_64",
      "5.14.0-427.42.1.el9_4.x86_64",
    ]);
  });

  it("follows rpm in what tilde, caret, letters and a longer text mean", () => {
    assert.ok(comparePackageVersions("1.0~rc1", "1.0") < 0);
    assert.ok(comparePackageVersions("1.0^git1", "1.0") > 0);
    assert.ok(comparePackageVersions("1.0.1", "1.0^git1") > 0);
    assert.ok(comparePackageVersions("1.0a", "1.01") < 0);
    assert.ok(comparePackageVersions("1.0.1", "1.0") > 0);
    assert.equal(comparePackageVersions("1.05", "1.5"), 0);
  });
});
