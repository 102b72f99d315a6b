import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listVfCounters } from "./vf-counters.ts";

describe("listVfCounters", () => {
  it("reads what the card counted for each VF, and leaves out those that counted nothing", async () => {
    const stdout = fixture(import.meta.url, "vf-statistics.reference.json");
    const command = "ip -j -s link show dev enp130s0f0np0";
    const host = createScriptedHost({ commands: { [command]: { stdout } } });
    assert.deepEqual(await listVfCounters(host, "enp130s0f0np0"), [
      { index: 1, rxBytes: 9_000_000_000, rxPackets: 6_000_000, txBytes: 1200, txPackets: 12 },
    ]);
  });
});
