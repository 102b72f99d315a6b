import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { parsePing } from "./parse.ts";

describe("parsePing", () => {
  it("reads the summary of iputils", () => {
    assert.deepEqual(parsePing(fixture(import.meta.url, "ping-iputils.reference.txt")), {
      transmitted: 3,
      received: 3,
      rttAvgMs: 0.061,
    });
  });

  it("reads the summary of busybox", () => {
    const result = parsePing(fixture(import.meta.url, "ping.busybox-1.35.0.txt"));
    assert.deepEqual([result?.transmitted, result?.received], [2, 2]);
    assert.equal(typeof result?.rttAvgMs, "number");
  });

  it("has no round-trip time when nothing came back", () => {
    const lost = "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2040ms\n";
    assert.deepEqual(parsePing(lost), { transmitted: 3, received: 0, rttAvgMs: undefined });
  });

  it("makes nothing of a ping that never began", () => {
    assert.equal(parsePing("ping: nowhere: Name or service not known\n"), undefined);
  });
});
