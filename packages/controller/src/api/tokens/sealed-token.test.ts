import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTokenSealer } from "./sealed-token.ts";

const sealer = createTokenSealer({ key: "k1", purpose: "page" });

describe("createTokenSealer", () => {
  it("opens what it sealed", () => {
    assert.deepEqual(sealer.open(sealer.seal({ after: "h-1", n: 3 })), { after: "h-1", n: 3 });
  });

  it("refuses a token with one bit changed, anywhere", () => {
    const token = sealer.seal({ after: "h-1" });
    const bytes = Buffer.from(token, "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      assert.equal(sealer.open(changed.toString("base64url")), undefined);
    }
  });

  it("refuses a token of another key, another purpose, and text that is none", () => {
    const other = createTokenSealer({ key: "k2", purpose: "page" });
    const resume = createTokenSealer({ key: "k1", purpose: "resume" });
    assert.equal(other.open(sealer.seal(1)), undefined);
    assert.equal(resume.open(sealer.seal(1)), undefined);
    for (const text of ["", "x", "not base64!", "A".repeat(5000)]) {
      assert.equal(sealer.open(text), undefined);
    }
  });
});
