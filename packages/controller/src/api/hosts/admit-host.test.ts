import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, SwitchyardError } from "@switchyard/model";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import { admitHost } from "./admit-host.ts";

function partsWith(admit: () => Promise<void>) {
  const clock = new ManualClock();
  const busAccess = { natsServers: [], shardOf: () => 0, admit };
  return { clock, random: seededRandom(3), log: silentLogger, busAccess };
}

const HOST = parseHostId("r740-07");

describe("admitHost", () => {
  it("asks again while the broker loads its users", async () => {
    let attempts = 0;
    const parts = partsWith(async () => {
      attempts += 1;
      if (attempts < 4) throw new Error("503");
    });
    const done = admitHost(parts, HOST);
    await parts.clock.advance(0);
    for (let turn = 0; turn < 20; turn += 1) await parts.clock.advance(500);
    await done;
    assert.equal(attempts, 4);
  });

  it("gives up after a bounded number of attempts, and says that asking again is safe", async () => {
    let attempts = 0;
    const parts = partsWith(async () => {
      attempts += 1;
      throw new Error("503");
    });
    const refused = assert.rejects(
      admitHost(parts, HOST),
      (error) =>
        error instanceof SwitchyardError &&
        error.reason === "BUS_UNAVAILABLE" &&
        error.retry === "safe",
    );
    for (let turn = 0; turn < 100; turn += 1) await parts.clock.advance(500);
    await refused;
    assert.equal(attempts, 8);
  });
});
