import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId, CheckStatus } from "@switchyard/model";
import { judgeHost } from "./judge-host.ts";

const check = (id: string, status: CheckStatus, ...evidence: readonly string[]) => ({
  id: id as CheckId,
  title: "a title",
  status,
  evidence,
});

describe("judgeHost", () => {
  it("calls a host bad where a check fails that did not before", () => {
    const verdict = judgeHost([check("C01", "pass")], [check("C01", "fail", "gone")]);
    assert.deepEqual(verdict, { kind: "bad", found: "C01 a title: gone" });
  });

  it("does not hold against the change what failed before, nor a mere warning", () => {
    const before = [check("C01", "fail"), check("C02", "pass")];
    const after = [check("C01", "fail"), check("C02", "warn")];
    assert.equal(judgeHost(before, after).kind, "good");
  });

  it("calls traffic in software bad where hardware should carry it", () => {
    const after = [check("E01", "warn", "0 of 2 flows in hardware")];
    assert.equal(judgeHost([check("E01", "skip")], after).kind, "bad");
  });

  it("says what the proof is, and that there is none where no flow was seen", () => {
    const proof = (status: CheckStatus, text: string) =>
      judgeHost([], [check("E01", status, text)]);
    assert.deepEqual(proof("pass", "2 of 2 flows in hardware"), {
      kind: "good",
      proof: "2 of 2 flows in hardware",
    });
    assert.deepEqual(proof("skip", "no flow is active"), {
      kind: "good",
      proof: "no flow is active",
    });
  });
});
