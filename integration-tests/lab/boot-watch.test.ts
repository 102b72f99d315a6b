import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { waitFor } from "@switchyard/testkit";
import { watchBoots } from "./boot-watch.ts";

/** A machine of which each power-on says what it is given, and is up where it says "login:". */
function machine(...consoles: readonly string[]) {
  let boot = 1;
  const reports: string[] = [];
  const said = () => consoles[boot - 1] ?? "";
  const watch = watchBoots({
    name: "lab0",
    power: {
      hasEnded: () => false,
      readLastWords: () => "",
      boots: () => boot,
      cycle: async () => {
        boot += 1;
      },
    },
    isReady: async () => said().includes("login:"),
    readSerialTail: async () => said(),
    report: (line) => reports.push(line),
  });
  return { watch, reports, boot: () => boot, reboot: () => (boot += 1) };
}

const STANDS = "rcu: rcu_sched kthread timer wakeup didn't happen for 5000 jiffies!";

describe("watchBoots", () => {
  it("switches a host off and on that stands in a boot nobody waits for", async () => {
    const host = machine("login:", STANDS, "login:");
    await host.watch.waitUntilReady();
    host.reboot();
    await waitFor(() => host.boot() === 3);
    assert.match(host.reports.join("\n"), /lab0: an emulated CPU lost its timer/);
    await host.watch.waitUntilReady();
    await host.watch.stop();
  });

  it("gives up after three tries of one boot", async () => {
    const host = machine(STANDS, STANDS, `${STANDS}\nKernel panic - not syncing: hung`, STANDS);
    await assert.rejects(host.watch.waitUntilReady(), /kernel panicked/);
    await host.watch.stop();
    assert.equal(host.boot(), 3);
  });
});
