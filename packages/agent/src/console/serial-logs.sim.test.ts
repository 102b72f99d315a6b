import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { VM_LOG_LIMITS, vmPaths } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { createSerialLogs } from "./serial-logs.ts";

const INTERVAL_MS = 10_000;

describe("serial logs of an agent", () => {
  it("are cut while their VMs run, each for itself", async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const host = createSimHost({ clock });
    const logs = createSerialLogs({ host, clock, log: silentLogger, intervalMs: INTERVAL_MS });
    const chatty = vmPaths("chatty");
    const quiet = vmPaths("quiet");
    await host.replaceFile(chatty.serialLog, "x".repeat(VM_LOG_LIMITS.bytesMax + 1));
    await host.replaceFile(quiet.serialLog, "login: ");
    const stop = new AbortController();
    const running = logs.run(stop.signal);
    await clock.advance(INTERVAL_MS);
    await waitFor(async () => (await host.readFile(chatty.serialLog)) === "" || undefined);
    assert.equal(await host.readFile(quiet.serialLog), "login: ");
    const piece = await logs.read("chatty", { fromByte: undefined, tailBytes: 8, maxBytes: 100 });
    assert.deepEqual([piece.text, piece.endByte], ["xxxxxxxx", VM_LOG_LIMITS.bytesMax + 1]);
    stop.abort();
    await running;
  });
});
