import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { RolloutSpec } from "@switchyard/proto";
import { readRolloutSpec } from "./rollout.ts";
import { createViolations } from "./violations.ts";

function read(scope: Partial<RolloutSpec>) {
  const violations = createViolations();
  const spec = readRolloutSpec({ ...RolloutSpec.create(), ...scope }, violations);
  violations.assertNone();
  return spec;
}

const refused = (scope: Partial<RolloutSpec>): string => {
  try {
    read(scope);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message;
  }
  return "";
};

describe("what a rollout goes over", () => {
  it("is profiles, each once, also by the field of clients that know of one", () => {
    const profile = "profiles/blue";
    const spec = read({ profile, profiles: [profile, "profiles/green", "profiles/green"] });
    assert.deepEqual(spec?.profiles, ["blue", "green"]);
    assert.deepEqual(read({ profile })?.profiles, ["blue"]);
  });

  it("is a selector, over whatever profiles", () => {
    const spec = read({ selector: { rack: "a" } });
    assert.deepEqual([spec?.profiles, spec?.selector], [[], { rack: "a" }]);
  });

  it("is the whole fleet only where that is said, and then nothing else", () => {
    assert.match(refused({}), /selector is needed where no profile is named; all_hosts/);
    assert.equal(read({ allHosts: true })?.isWholeFleet, true);
    for (const other of [{ selector: { rack: "a" } }, { profiles: ["profiles/blue"] }]) {
      assert.match(refused({ allHosts: true, ...other }), /all_hosts is given beside/);
    }
  });

  it("has at most a hundred names, each of a profile", () => {
    assert.match(refused({ profiles: ["hosts/a"] }), /profiles\[0\]/);
    const profiles = Array.from({ length: 101 }, (_, at) => `profiles/p${at}`);
    assert.match(refused({ profiles }), /more than 100/);
  });
});
