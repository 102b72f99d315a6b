import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { PlanGoal, Profile } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { ensurePrometheus } from "@switchyard/dev/prometheus";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { METRICS, type MetricName, prometheusNameOf } from "@switchyard/model";
import { silentLogger } from "@switchyard/runtime";
import { lintExposition, parseExposition, waitFor } from "@switchyard/testkit";
import { type Prometheus, startPrometheus } from "./prometheus-server.ts";
import {
  configFile,
  namesIn,
  readRules,
  readShippedQueries,
  rulesFile,
  type ShippedQuery,
} from "./shipped-queries.ts";

const HOSTS = 2;
/** A scrape, two evaluations of rules, and what a loaded machine adds. */
const DATA_DEADLINE_MS = 90_000;

/** What must have data on a fleet where nothing is wrong; the others are of faults, or of work that nobody does. */
const MUST_HAVE_DATA: readonly RegExp[] = [
  /fleet: (variable|Hosts by state|Drifted fields|VMs by state|Rollouts by state)$/,
  /fleet: (What hosts are made of|CPU busy|Agent last heard of|Age of the newest reading)$/,
  /fleet: Traffic of VFs in hardware$/,
  /controllers: (variable|Rate|Duration|Slowest methods|Jobs that have not ended|Jobs ended)$/,
  /controllers: (Outbox|Age of the oldest in it|Sends|Waiting at NATS|Rounds|Duration of rounds)$/,
  /controllers: (Sources not read|Wait for the database|Connections to the database)$/,
  /controllers: (Event loop|CPU|Memory|Refused messages)$/,
  /rule switchyard:(host_cpu_busy:ratio_rate5m|grpc_calls:rate5m|grpc_call_errors:ratio_rate5m)$/,
];

/** Metrics of agents exist by the catalogue, also where no simulated host has their source. */
const CATALOGUE = new Set((Object.keys(METRICS) as MetricName[]).map(prometheusNameOf));

async function promtool(args: readonly string[], input = "") {
  const child = spawn("promtool", args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const [out, error, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { code, said: `${out}${error}` };
}

describe("what is shipped for Prometheus and Grafana", () => {
  let stack: Stack;
  let prometheus: Prometheus;
  let queries: readonly ShippedQuery[];

  const scrape = async (address: string | undefined) =>
    (await fetch(`http://${address}/metrics`)).text();
  const addresses = () => [
    stack.gatewayAddress,
    ...stack.agents.map(({ metricsAddress }) => metricsAddress ?? ""),
  ];
  const exposedNames = async (): Promise<ReadonlySet<string>> => {
    const texts = await Promise.all(addresses().map(scrape));
    const families = texts.flatMap(parseExposition);
    return new Set([
      ...families.map(({ name }) => name),
      ...families.flatMap(({ series }) => series.map(({ name }) => name)),
      ...(await readRules()).flatMap(({ record }) => record ?? []),
    ]);
  };
  /** Names that a query asks for and nobody exposes. */
  const unknownIn = (expression: string, exposed: ReadonlySet<string>) =>
    namesIn(expression).filter((name) => !exposed.has(name) && !CATALOGUE.has(name));

  before(async () => {
    await ensurePrometheus((line) => process.stderr.write(`# ${line}\n`));
    stack = await startStack({
      hosts: HOSTS,
      intervals: { heartbeatMs: 1_000, inventoryMs: 1_000, telemetryMs: 1_000 },
      hasAgentMetrics: true,
      log: silentLogger,
    });
    const { client } = stack;
    const report = createReport(process.stderr);
    const job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
    const range = { first: "192.168.101.2", last: "192.168.101.9" };
    const datapath = vdpaDatapath({ vfCount: 2, maxVqp: 16, bridgeAddresses: range });
    const profile = Profile.fromPartial({ spec: { selector: SIM_LABELS, datapath } });
    await client.profiles.createProfile({ profileId: "r740", profile });
    for (const host of stack.hostNames) {
      await job.readyHost(host);
      await job.apply(await job.plan(host, PlanGoal.APPLY_PROFILE));
    }
    queries = await readShippedQueries();
    prometheus = await startPrometheus({
      jobs: {
        "switchyard-controller": [stack.gatewayAddress],
        "switchyard-agent": stack.agents.map(({ metricsAddress }) => metricsAddress ?? ""),
      },
      rules: rulesFile,
    });
  });
  after(async () => {
    await prometheus?.stop();
    await stack?.stop();
  });

  it("scrapes controller and agents", async () => {
    const countUp = async () =>
      (await prometheus.targets()).filter(({ health }) => health === "up").length;
    await waitFor(async () => (await countUp()) === 1 + HOSTS, {
      deadlineMs: DATA_DEADLINE_MS,
      pollMs: 500,
    });
  });

  it("exposes what promtool and our own lint pass", async () => {
    for (const address of addresses()) {
      const exposed = await scrape(address);
      const { code, said } = await promtool(["check", "metrics"], exposed);
      assert.equal(code, 0, said);
      assert.deepEqual(lintExposition(exposed), []);
    }
  });

  it("has rules and a configuration that promtool passes", async () => {
    for (const args of [
      ["check", "rules", rulesFile],
      ["check", "config", configFile],
    ]) {
      const { code, said } = await promtool(args);
      assert.equal(code, 0, said);
    }
  });

  it("asks only for what is exposed or recorded", async () => {
    const exposed = await waitFor(
      async () => {
        const names = await exposedNames();
        return names.has("switchyard_host_cpus") ? names : undefined;
      },
      { deadlineMs: DATA_DEADLINE_MS, pollMs: 500 },
    );
    const page = await readFile(new URL("../../../docs/observability.md", import.meta.url), "utf8");
    const asked = [
      ...queries,
      ...(page.match(/switchyard_[a-z0-9_]+/g) ?? []).map((name) => ({
        where: "docs/observability.md",
        expression: name,
      })),
    ];
    const unknown = asked.flatMap(({ where, expression }) =>
      unknownIn(expression, exposed)
        // Of rollouts and experiments that nobody began.
        .filter((name) => !/_(rollout|experiment)_(start|end)_timestamp_seconds$/.test(name))
        // Counted once the first of its kind happens.
        .filter((name) => name !== "switchyard_drift" && name !== "switchyard_grpc_streams_total")
        .map((name) => `${where}: ${name}`),
    );
    assert.deepEqual(unknown, []);
    assert.ok(queries.length > 70, `${queries.length} queries`);
    assert.deepEqual(unknownIn("rate(switchyard_grpc_calls_totl[5m])", exposed), [
      "switchyard_grpc_calls_totl",
    ]);
  });

  it("answers every query of dashboards and rules, with data where there must be some", async () => {
    for (const { where, expression } of queries) {
      const mustHave = MUST_HAVE_DATA.some((pattern) => pattern.test(where));
      const hasData = async () => {
        // A rate is of what happens while Prometheus looks.
        await stack.client.hosts.listHosts({});
        return (await prometheus.query(expression)).length > 0;
      };
      await waitFor(async () => (await hasData()) || !mustHave, {
        deadlineMs: DATA_DEADLINE_MS,
        pollMs: 500,
        describe: () => `no data for ${where}: ${expression}`,
      });
    }
    await assert.rejects(prometheus.query("sum(rate(switchyard_jobs_ended_total)"), /parse error/);
  });

  it("shows the fleet as it is", async () => {
    const ready = await prometheus.query(
      'count(max by (host) (switchyard_host_state{state="ready"}) == 1)',
    );
    assert.equal(ready[0]?.value[1], String(HOSTS));
    const info = await prometheus.query(
      'max by (host, kind, model, driver) (switchyard_host_info{kind="simulated"})',
    );
    assert.equal(info.length, HOSTS);
    assert.equal(info[0]?.metric["driver"], "mlx5_core");
  });

  it("links each alert to a heading of a page that exists", async () => {
    const alerts = (await readRules()).filter(({ alert }) => alert !== undefined);
    assert.ok(alerts.length >= 12);
    for (const { alert, annotations } of alerts) {
      const [page = "", anchor] = (annotations?.runbook_url ?? "").split("#");
      const markdown = await readFile(new URL(`../../../${page}`, import.meta.url), "utf8");
      const anchors = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
        heading
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, "")
          .replaceAll(" ", "-"),
      );
      assert.ok(anchor !== undefined && anchors.includes(anchor), `${alert}: ${page}#${anchor}`);
    }
  });
});
