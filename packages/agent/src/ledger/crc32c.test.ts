import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32c } from "./crc32c.ts";

describe("crc32c", () => {
  it("gives the check value of the standard", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  });

  it("gives the value of RFC 3720 for 32 zero bytes", () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  });
});
