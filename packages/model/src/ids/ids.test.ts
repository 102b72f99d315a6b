import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "../errors/switchyard-error.ts";
import { parseHostId, parseJobId } from "./ids.ts";

const refused = (reason: string) => (error: unknown) =>
  error instanceof InvalidInputError && error.reason === reason;

describe("names and ids", () => {
  it("take one lower-case DNS label", () => {
    assert.equal(parseHostId("r740-07"), "r740-07");
    for (const text of ["", "R740", "a.b", "-a", "a-", "a*", "x".repeat(64)]) {
      assert.throws(() => parseHostId(text), refused("NAME_MALFORMED"), text);
    }
  });

  it("take one lower-case UUID", () => {
    const id = "0199d6c1-7a5e-7c31-9f7e-2f1f0a4b5c6d";
    assert.equal(parseJobId(id), id);
    for (const text of ["", id.toUpperCase(), id.replaceAll("-", ""), `${id}.x`]) {
      assert.throws(() => parseJobId(text), refused("ID_MALFORMED"), text);
    }
  });
});
