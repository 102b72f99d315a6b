import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostId, type MetricGate, parseHostId, parseRolloutId } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import type { RolloutHostRecord, RolloutRecord, SeriesQuery } from "@switchyard/store";
import { judgeByMetric } from "./judge-by-metric.ts";

const SOAK_MS = 60_000;
const END_MS = 1_000_005_000;
const GATE: MetricGate = { kind: "metric", metric: "host.cpu_busy_seconds", percent: 20 };

const rollout = {
  id: parseRolloutId("off"),
  spec: { strategy: { soakMs: SOAK_MS } },
  soakUntilMs: END_MS,
} as unknown as RolloutRecord;

const hostsIn = (state: RolloutHostRecord["state"], names: readonly string[]) =>
  names.map((name) => ({ host: parseHostId(name), state }) as unknown as RolloutHostRecord);

/** A store that has these points of each host, and notes what it was asked. */
function storeWith(points: Readonly<Record<string, readonly number[]>>) {
  const queries: SeriesQuery[] = [];
  const groupOf = (host: HostId) => ({
    labels: { host },
    hostKinds: ["simulated" as const],
    points: (points[host] ?? []).map((value, at) => ({ atMs: at, value })),
  });
  const store = {
    reads: {
      rollouts: {
        listHosts: async () => ({
          items: [
            ...hostsIn("updated", ["new-1", "new-2"]),
            ...hostsIn("unchanged", ["new-3"]),
            ...hostsIn("waiting", ["old-1", "old-2", "old-3", "old-4", "old-5"]),
            ...hostsIn("failed", ["bad-1"]),
          ],
          next: undefined,
        }),
      },
    },
    telemetry: {
      query: async (query: SeriesQuery) => {
        queries.push(query);
        return { source: "raw", groups: (query.hosts ?? []).map(groupOf) };
      },
    },
  } as unknown as Parameters<typeof judgeByMetric>[0]["store"];
  return { store, queries };
}

const OLD = Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`old-${at}`, [10, 10 + at / 100]]));
const judge = (points: Readonly<Record<string, readonly number[]>>, afterMs = 60_000) => {
  const { store } = storeWith({ ...OLD, ...points });
  const clock = { ...systemClock, nowMs: () => END_MS + afterMs };
  return judgeByMetric({ store, clock }, rollout, GATE);
};

describe("judgeByMetric", () => {
  it("asks for the rate of a counter on hosts with the change and without, over the soak", async () => {
    const { store, queries } = storeWith({});
    await judgeByMetric({ store, clock: { ...systemClock, nowMs: () => END_MS } }, rollout, GATE);
    const [changed, unchanged] = queries;
    assert.deepEqual(changed?.hosts, ["new-1", "new-2", "new-3"]);
    assert.equal(unchanged?.hosts?.length, 5);
    assert.equal(changed?.aggregation, "rate");
    assert.ok((changed?.startAtMs ?? 0) >= END_MS - SOAK_MS);
    assert.equal(changed?.endAtMs, END_MS);
  });

  it("counts what comes while it waits beyond the soak, 20 s at most", async () => {
    const endOf = async (afterMs: number) => {
      const { store, queries } = storeWith({});
      const clock = { ...systemClock, nowMs: () => END_MS + afterMs };
      await judgeByMetric({ store, clock }, rollout, GATE);
      return (queries[0]?.endAtMs ?? 0) - END_MS;
    };
    assert.equal(await endOf(3_000), 3_000);
    assert.equal(await endOf(60_000), 20_000);
  });

  it("passes hosts that are alike, and fails those that clearly are not", async () => {
    const alike = { "new-1": [10, 11], "new-2": [10, 9], "new-3": [10, 10] };
    assert.equal((await judge(alike)).verdict, "passed");
    const worse = { "new-1": [15, 16], "new-2": [15, 14], "new-3": [15, 15] };
    const { verdict, found } = await judge(worse);
    assert.equal(verdict, "failed");
    assert.match(
      found,
      /^\+4\d\.\d%: 15 on 3 hosts with the change, 10\.\d+ on 5 without, p 0\.036$/,
    );
  });

  it("waits a while for samples that may be on their way, of any host", async () => {
    assert.equal((await judge({}, 1_000)).verdict, "pending");
    const two = { "new-1": [15, 16], "new-2": [15, 14] };
    assert.equal((await judge(two, 1_000)).verdict, "pending");
    assert.equal((await judge({ ...two, "new-3": [15, 15] }, 1_000)).verdict, "failed");
    assert.match((await judge(two)).found, /on 2 hosts with the change/);
  });

  it("can't tell where hosts have too few samples", async () => {
    const { verdict, found } = await judge({ "new-1": [15] });
    assert.deepEqual(
      [verdict, found],
      ["inconclusive", "too few samples of hosts with the change"],
    );
  });
});
