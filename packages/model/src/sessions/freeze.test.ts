import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FREEZE_LIMITS, parseFreezeRequest, parseThawRequest } from "./freeze.ts";

describe("parseFreezeRequest", () => {
  const request = { vm: "web-1", id: "freeze-1", maxMs: 30_000 };

  it("reads what a controller asks for", () => {
    assert.deepEqual(parseFreezeRequest(request), request);
  });

  it("refuses a freeze without an end, or with one that is too far", () => {
    const { maxMs: _, ...endless } = request;
    const wrong = [
      endless,
      ...[0, -1, 1.5, "30", FREEZE_LIMITS.maxMsMax + 1].map((maxMs) => ({ ...request, maxMs })),
    ];
    for (const each of wrong)
      assert.equal(parseFreezeRequest(each), undefined, JSON.stringify(each));
  });

  it("refuses one that nobody could name, and a VM that is a path", () => {
    assert.equal(parseFreezeRequest({ ...request, id: "" }), undefined);
    assert.equal(parseFreezeRequest({ ...request, id: "x".repeat(65) }), undefined);
    assert.throws(() => parseFreezeRequest({ ...request, vm: "../etc" }), {
      reason: "NAME_MALFORMED",
    });
  });
});

describe("parseThawRequest", () => {
  it("reads one of any freeze, and of one", () => {
    assert.deepEqual(parseThawRequest({ vm: "web-1" }), { vm: "web-1", id: undefined });
    assert.equal(parseThawRequest({ vm: "web-1", id: "freeze-1" })?.id, "freeze-1");
    assert.equal(parseThawRequest({ vm: "web-1", id: 7 }), undefined);
    assert.equal(parseThawRequest(undefined), undefined);
  });
});
