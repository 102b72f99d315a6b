import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { loadOver } from "@switchyard/planner";
import { ManualClock } from "@switchyard/runtime";
import { createLoadMeter } from "./host-load.ts";

const SECOND_MS = 1_000;

describe("the load meter", () => {
  it("reads CPU time, both packages and the BMC's watts, of which figures over a time are made", async () => {
    const clock = new ManualClock(SECOND_MS);
    const host = createSimHost({ clock });
    const meter = createLoadMeter({ host, clock });
    const first = await meter.read();
    assert.deepEqual(
      first.packages.map(({ name }) => name),
      ["package-0", "package-1"],
    );
    assert.ok((first.ipmiWatts ?? 0) > 50);
    assert.equal(first.redfishWatts, undefined);
    await clock.advance(10 * SECOND_MS);
    const over = loadOver([first, await meter.read()]);
    assert.equal(over?.seconds, 10);
    assert.ok((over?.busyThreads ?? 0) > 0);
    const sources = over?.power.map(({ source }) => source);
    assert.deepEqual(sources, ["rapl", "ipmi"]);
    assert.ok(over?.power.every(({ joules }) => joules > 100 && joules < 10_000));
  });

  it("leaves out what the host does not have", async () => {
    const clock = new ManualClock(SECOND_MS);
    const host = createSimHost({ clock, overrides: { missingPrograms: ["ipmitool"] } });
    const { ipmiWatts, redfishWatts } = await createLoadMeter({ host, clock }).read();
    assert.deepEqual([ipmiWatts, redfishWatts], [undefined, undefined]);
  });
});
