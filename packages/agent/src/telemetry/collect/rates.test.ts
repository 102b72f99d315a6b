import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Host, type Script } from "@switchyard/host";
import type { Inventory, MetricName } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { readInventory } from "../../inventory/read-inventory.ts";
import { R740, R740_FILES } from "../../inventory/testing/r740.ts";
import { createOffloadWatch } from "../offload/offload-watch.ts";
import { createCollector } from "./collector.ts";
import { RATES_MS } from "./source.ts";

const IPMI = "ipmitool dcmi power reading";
const POWER = (watts: number) =>
  `    Instantaneous power reading:      ${watts} Watts\n    Power reading state is:    activated\n`;

const MEMINFO = "MemTotal:       131072 kB\nMemAvailable:   100000 kB\n";
const HOST: Script = { ...R740, files: { ...R740_FILES, "/proc/meminfo": MEMINFO } };

async function world(script: Script = HOST) {
  const clock = new ManualClock(7000);
  const host = createScriptedHost(script);
  const collector = createCollector({
    ...{ host, clock, log: silentLogger, offload: createOffloadWatch() },
  });
  const inventory = await readInventory({ host, clock, agentVersion: "0.1.0", nicProfiles: [] });
  const collect = async (of: Inventory = inventory) =>
    new Set((await collector.collect(of)).map(({ metric }) => metric));
  return { clock, host, collector, inventory, collect };
}

const valuesOf = (samples: readonly { metric: MetricName; object: string; value: number }[]) =>
  Object.fromEntries(samples.map(({ metric, object, value }) => [`${metric} ${object}`, value]));

describe("a collector", () => {
  it("reads each source no oftener than its rate", async () => {
    const { clock, collect } = await world();
    assert.ok((await collect()).has("host.memory_available"));
    assert.deepEqual(await collect(), new Set());
    await clock.advance(RATES_MS["1s"]);
    const second = await collect();
    assert.ok(second.has("host.cpu_busy_seconds"));
    assert.ok(!second.has("host.memory_available"));
    await clock.advance(RATES_MS["10s"]);
    assert.ok((await collect()).has("host.memory_available"));
  });

  it("sends what seldom changes when it does, and once a minute", async () => {
    const { clock, collect, inventory } = await world();
    assert.ok((await collect()).has("host.cpu_count"));
    await clock.advance(1000);
    assert.ok(!(await collect()).has("host.cpu_count"));
    await clock.advance(1000);
    const grown = { ...inventory, cpu: { ...inventory.cpu, threadCount: 80 } };
    assert.ok((await collect(grown)).has("host.cpu_count"));
    await clock.advance(60_000);
    assert.ok((await collect(grown)).has("host.cpu_count"));
  });

  it("goes on with the other sources when one fails, and counts the failure", async () => {
    const commands = {
      ...HOST.commands,
      [IPMI]: { exitCode: 1, stderr: "DCMI request failed because: Node busy (c0)\n" },
    };
    const files = { ...R740_FILES, "/proc/meminfo": "nonsense\n" };
    const { collector, inventory } = await world({ ...R740, commands, files });
    const values = valuesOf(await collector.collect(inventory));
    assert.equal(values["agent.collect_failures 5s"], 1);
    assert.equal(values["agent.collect_failures 1s"], 0);
    assert.equal(values["host.cpu_count "], 1);
    assert.equal(values["host.power ipmi"], undefined);
    assert.equal(values["host.memory_available "], undefined);
  });

  it("takes a source that is not there for no failure", async () => {
    const { collector, inventory } = await world();
    const samples = await collector.collect(inventory);
    const failures = samples.filter(({ metric }) => metric === "agent.collect_failures");
    assert.equal(failures.length, 4);
    assert.deepEqual(new Set(failures.map(({ value }) => value)), new Set([0]));
  });

  it("keeps the newest sample of each series until the series is gone", async () => {
    const reply = { stdout: POWER(187) };
    const { clock, collector, inventory, collect } = await world({
      ...HOST,
      commands: { ...HOST.commands, [IPMI]: reply },
    });
    await collect();
    assert.equal(valuesOf(collector.latest())["host.power ipmi"], 187);
    assert.equal(valuesOf(collector.latest())["host.cpu_count "], 1);
    reply.stdout = POWER(200);
    await clock.advance(5000);
    await collect();
    assert.equal(valuesOf(collector.latest())["host.power ipmi"], 200);
    reply.stdout = "";
    for (let second = 0; second < 40; second += 5) {
      await clock.advance(5000);
      await collector.collect(inventory);
    }
    assert.equal(valuesOf(collector.latest())["host.power ipmi"], undefined);
    assert.equal(valuesOf(collector.latest())["host.cpu_count "], 1);
  });

  it("rests after a pass so long that passes take an eighth of the time, and keeps what it read", async () => {
    const TOOK_MS = 8_000;
    const { clock, host, inventory } = await world({
      ...HOST,
      commands: { ...HOST.commands, [IPMI]: { stdout: POWER(187) } },
    });
    let readings = 0;
    const run: Host["run"] = async (command) => {
      if (command.argv[0] === "ipmitool") {
        readings += 1;
        await clock.sleep(TOOK_MS);
      }
      return host.run(command);
    };
    const collector = createCollector({
      ...{ host: { ...host, run }, clock, log: silentLogger, offload: createOffloadWatch() },
    });
    const pass = async (nth: number) => {
      const done = collector.collect(inventory);
      await waitFor(() => readings === nth);
      await clock.advance(TOOK_MS);
      await done;
    };
    await pass(1);
    for (let restedMs = 0; restedMs < 7 * TOOK_MS; restedMs += TOOK_MS) {
      await collector.collect(inventory);
      assert.equal(readings, 1);
      assert.equal(valuesOf(collector.latest())["host.power ipmi"], 187);
      await clock.advance(TOOK_MS);
    }
    await pass(2);
  });
});
