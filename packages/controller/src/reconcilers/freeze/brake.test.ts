import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FleetFreeze } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import type { Reads } from "@switchyard/store";
import { createBrake } from "./brake.ts";

const FREEZE: FleetFreeze = {
  cause: "hosts-lost",
  sinceMs: 1,
  lostCount: 25,
  hostCount: 100,
  liftAtCount: 10,
};

const readsOf = (freeze: FleetFreeze | undefined): Pick<Reads, "freeze"> => ({
  freeze: {
    find: async () => freeze,
    getFleet: () => Promise.reject(new Error("nobody asks")),
  },
});

describe("createBrake", () => {
  it("says what the database says", async () => {
    const brake = createBrake({ bus: { isConnected: () => true }, clock: new ManualClock() });
    assert.equal(await brake.find(readsOf(undefined)), undefined);
    assert.equal(await brake.find(readsOf(FREEZE)), FREEZE);
  });

  it("holds back by itself while NATS is away, and no longer", async () => {
    let isConnected = false;
    const clock = new ManualClock();
    const brake = createBrake({ bus: { isConnected: () => isConnected }, clock });
    const away = await brake.find(readsOf(undefined));
    assert.equal(away?.cause, "bus-away");
    await clock.advance(5_000);
    assert.equal((await brake.find(readsOf(undefined)))?.sinceMs, away?.sinceMs);
    isConnected = true;
    assert.equal(await brake.find(readsOf(undefined)), undefined);
  });
});
