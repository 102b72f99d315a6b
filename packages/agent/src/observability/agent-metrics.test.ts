import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { METRICS, type MetricName, parseHostId } from "@switchyard/model";
import { createMetrics, ManualClock, silentLogger, stopAll } from "@switchyard/runtime";
import { freePort, lintExposition, parseExposition } from "@switchyard/testkit";
import { addAgentMetrics } from "./agent-metrics.ts";
import { startObservability } from "./start-observability.ts";

const HOST = parseHostId("r740-01");
const NOW_MS = 1_700_000_000_000;

describe("an agent's metrics", () => {
  it("show the agent and the newest sample of each series, in names that pass the lint", async () => {
    const metrics = createMetrics({ log: silentLogger });
    const names = Object.keys(METRICS) as MetricName[];
    addAgentMetrics(metrics, {
      bus: { host: HOST, isConnected: () => true },
      agentVersion: "0.1.0",
      latest: () =>
        names.map((metric) => ({
          ...{ metric, object: "", atMs: NOW_MS - 1 },
          value: metric === "host.cpu_count" ? 48 : 1,
        })),
      liveJobCount: () => 2,
      clock: new ManualClock(NOW_MS),
    });
    const text = await metrics.expose();
    assert.deepEqual(lintExposition(text), []);
    const of = (name: string) => parseExposition(text).find((family) => family.name === name);
    assert.deepEqual(of("switchyard_host_cpus")?.series, [
      { name: "switchyard_host_cpus", labels: { host: HOST }, value: 48 },
    ]);
    assert.equal(of("switchyard_agent_jobs")?.series[0]?.value, 2);
  });
});

describe("startObservability", () => {
  const services: { stop(): Promise<void> }[] = [];
  after(() => stopAll(services));
  const start = async (httpListen: string | undefined) => {
    const parts = { environment: {}, log: silentLogger };
    const observability = await startObservability({ host: HOST, httpListen }, parts);
    services.push(observability);
    return observability;
  };

  it("serves metrics where it is told, and starts without them where it can't", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await start(address);
    const answer = await fetch(`http://${address}/metrics`);
    assert.match(await answer.text(), /switchyard_process_cpu_seconds_total/);
    const second = await start(address);
    assert.match(await second.metrics.expose(), /switchyard_process_cpu_seconds_total/);
  });

  it("counts nothing where it is told to serve nothing", async () => {
    const { metrics } = await start(undefined);
    assert.equal(await metrics.expose(), "");
  });
});
