import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  parseExperimentId,
  parseHostId,
  type RolloutHostState,
  type RolloutStrategy,
} from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { decideRollout } from "./decide-rollout.ts";
import { gatesOf } from "./gates.ts";
import {
  type GateView,
  isInWindow,
  type RolloutHostView,
  type RolloutView,
} from "./rollout-view.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 12, 0);

const strategyOf = (change: Partial<RolloutStrategy> = {}): RolloutStrategy => ({
  canaryCount: 1,
  waveCount: 1,
  maxUnavailable: { kind: "count", count: 2 },
  soakMs: 1_000,
  failureBudget: 0,
  isRolledBackOnHalt: false,
  vmPolicy: "refuse",
  ...change,
});

const hostIn = (
  state: RolloutHostState,
  change: Partial<RolloutHostView> = {},
): RolloutHostView => ({
  host: parseHostId("host-a"),
  wave: 1,
  state,
  isUp: true,
  isBusy: false,
  isTouched: state !== "waiting",
  domain: "",
  ...change,
});

const named = (hosts: readonly RolloutHostView[]) =>
  hosts.map((host, at) => ({ ...host, host: parseHostId(`host-${at}`) }));

const viewOf = (
  hosts: readonly RolloutHostView[],
  change: Partial<RolloutView> = {},
): RolloutView => ({
  state: "running",
  wave: 1,
  waveCount: 2,
  soakUntilMs: undefined,
  acceptedFailureCount: 0,
  strategy: strategyOf(),
  hosts: named(hosts),
  gates: [],
  ...change,
});

const decide = (view: RolloutView) => decideRollout(view, NOW_MS);

describe("decideRollout", () => {
  it("begins as many hosts as may be down at once, and none of a later wave", () => {
    const hosts = [1, 1, 1, 2].map((wave) => hostIn("waiting", { wave }));
    assert.deepEqual(decide(viewOf(hosts)), { kind: "begin", hosts: ["host-0", "host-1"] });
  });

  it("counts hosts that are down for any reason, in any wave", () => {
    const down = hostIn("waiting", { wave: 2, isUp: false });
    const hosts = [hostIn("waiting"), hostIn("waiting"), down];
    assert.deepEqual(decide(viewOf(hosts)), { kind: "begin", hosts: ["host-0"] });
    assert.equal(decide(viewOf([...hosts, down])).kind, "wait");
  });

  it("leaves hosts for later that are down or busy", () => {
    const hosts = [hostIn("waiting", { isBusy: true }), hostIn("waiting")];
    assert.deepEqual(decide(viewOf(hosts)), { kind: "begin", hosts: ["host-1"] });
  });

  it("lets a share of few hosts be one host", () => {
    const strategy = strategyOf({ maxUnavailable: { kind: "percent", percent: 10 } });
    const view = viewOf([hostIn("waiting"), hostIn("waiting")], { strategy });
    assert.deepEqual(decide(view), { kind: "begin", hosts: ["host-0"] });
  });

  it("soaks once the wave is done, then goes on, and succeeds after the last", () => {
    const done = [hostIn("updated"), hostIn("unchanged"), hostIn("waiting", { wave: 2 })];
    assert.deepEqual(decide(viewOf(done)), { kind: "soak", untilMs: NOW_MS + 1_000 });
    const soaking = { state: "soaking", soakUntilMs: NOW_MS } as const;
    assert.equal(decide(viewOf(done, { ...soaking, soakUntilMs: NOW_MS + 1 })).kind, "wait");
    assert.equal(decide(viewOf(done, soaking)).kind, "next-wave");
    assert.deepEqual(decide(viewOf(done, { ...soaking, wave: 2 })), {
      kind: "end",
      state: "succeeded",
    });
  });

  it("halts past its budget, while it soaks too, and not before", () => {
    const hosts = [hostIn("failed"), hostIn("waiting")];
    assert.equal(decide(viewOf(hosts)).kind, "halt");
    assert.equal(decide(viewOf(hosts, { state: "soaking" })).kind, "halt");
    const strategy = strategyOf({ failureBudget: 1 });
    assert.equal(decide(viewOf(hosts, { strategy })).kind, "begin");
    assert.equal(decide(viewOf(hosts, { acceptedFailureCount: 1 })).kind, "begin");
  });

  it("begins nothing outside its window", () => {
    const closed = { startMinute: 0, durationMinutes: 60 };
    const strategy = strategyOf({ window: closed });
    assert.equal(decide(viewOf([hostIn("waiting")], { strategy })).kind, "wait");
  });

  it("brings back what was touched, the last wave first, within the same bound", () => {
    const hosts = [
      hostIn("updated"),
      hostIn("failed", { isTouched: false }),
      hostIn("failed", { wave: 2 }),
      hostIn("updated", { wave: 2 }),
      hostIn("waiting", { wave: 2 }),
    ];
    const view = viewOf(hosts, { state: "rolling-back" });
    assert.deepEqual(decide(view), { kind: "begin", hosts: ["host-2", "host-3"] });
  });

  it("fails where a host can't be brought back", () => {
    const end = (state: RolloutHostState) =>
      decide(viewOf([hostIn("rolled-back"), hostIn(state)], { state: "rolling-back" }));
    assert.deepEqual(end("waiting"), { kind: "end", state: "rolled-back" });
    assert.deepEqual(end("stuck"), { kind: "end", state: "failed" });
  });

  it("never has more hosts down than may be, whatever it looks at", () => {
    const seed = 7;
    const random = seededRandom(seed);
    const pick = <T>(values: readonly T[]): T =>
      values[Math.floor(random.float() * values.length)]!; // in range
    for (let round = 0; round < 500; round += 1) {
      const hosts = Array.from({ length: 12 }, () =>
        hostIn(pick(["waiting", "running", "verifying", "updated", "failed"] as const), {
          isUp: random.float() > 0.3,
          isBusy: random.float() > 0.7,
        }),
      );
      const strategy = strategyOf({
        failureBudget: 12,
        maxUnavailable: { kind: "count", count: 1 + Math.floor(random.float() * 6) },
      });
      const view = viewOf(hosts, { strategy });
      const decision = decide(view);
      if (decision.kind !== "begin") continue;
      const begun = new Set<string>(decision.hosts);
      const down = view.hosts.filter(
        (host) =>
          begun.has(host.host) || !host.isUp || ["running", "verifying"].includes(host.state),
      );
      const { maxUnavailable } = strategy;
      assert.ok(
        maxUnavailable.kind === "count" && down.length <= maxUnavailable.count,
        `seed ${seed}`,
      );
    }
  });
});

describe("isInWindow", () => {
  it("goes over midnight", () => {
    const night = { startMinute: 23 * 60, durationMinutes: 120 };
    const at = (hour: number) => isInWindow(night, Date.UTC(2026, 0, 1, hour, 30));
    assert.deepEqual([at(22), at(23), at(0), at(1)], [false, true, true, false]);
  });
});

describe("decideRollout with failure domains", () => {
  const strategy = strategyOf({
    maxUnavailable: { kind: "count", count: 10 },
    domain: { label: "rack", maxUnavailable: 1 },
  });

  it("begins one of each domain, and none where another is down", () => {
    const hosts = ["a", "a", "b", "b", "c"].map((domain) => hostIn("waiting", { domain }));
    const down = hostIn("updated", { domain: "b", isUp: false });
    assert.deepEqual(decide(viewOf([...hosts, down], { strategy })), {
      kind: "begin",
      hosts: ["host-0", "host-4"],
    });
  });

  it("takes hosts without the label for one domain, and waits where none is free", () => {
    const hosts = [hostIn("waiting"), hostIn("running")];
    assert.equal(decide(viewOf(hosts, { strategy })).kind, "wait");
  });
});

describe("decideRollout with gates", () => {
  const soaked = (gates: readonly Partial<GateView>[], change: Partial<RolloutView> = {}) =>
    decide(
      viewOf([hostIn("updated")], {
        ...{ state: "soaking", soakUntilMs: NOW_MS },
        gates: gates.map((gate, position) => ({
          ...{ position, title: "cpu", verdict: "unjudged", found: "much", isAccepted: false },
          ...gate,
        })),
        ...change,
      }),
    );

  it("looks at them once the wave has soaked, not before", () => {
    assert.deepEqual(soaked([{}, { verdict: "passed" }, { verdict: "pending" }]), {
      kind: "judge",
      gates: [0, 2],
    });
    assert.equal(soaked([{}], { soakUntilMs: NOW_MS + 1 }).kind, "wait");
  });

  it("halts at the first that failed, whatever the others say", () => {
    assert.deepEqual(soaked([{ verdict: "pending" }, { verdict: "failed" }]), {
      kind: "halt",
      why: "cpu: much",
    });
  });

  it("pauses where one can't tell, and goes on once that was accepted", () => {
    assert.equal(soaked([{ verdict: "inconclusive" }]).kind, "pause");
    assert.equal(soaked([{ verdict: "inconclusive", isAccepted: true }]).kind, "next-wave");
    assert.equal(soaked([{ verdict: "failed", isAccepted: true }]).kind, "next-wave");
    assert.equal(soaked([{ verdict: "passed" }]).kind, "next-wave");
  });

  it("guards the canary by experiments, and every wave but the last by metrics", () => {
    const strategy = strategyOf({
      gates: [
        { kind: "metric", metric: "host.cpu_busy_seconds", percent: 20 },
        {
          kind: "experiment",
          baseline: parseExperimentId("before"),
          conditions: ["throughput<-5%"],
        },
      ],
    });
    const titles = (wave: number) =>
      gatesOf(strategy, [], { wave, waveCount: 3 }).map(({ title }) => title);
    assert.deepEqual(titles(1), [
      "host.cpu_busy_seconds>+20%",
      "experiment like before: throughput<-5%",
    ]);
    assert.deepEqual(titles(2), ["host.cpu_busy_seconds>+20%"]);
    assert.deepEqual(titles(3), []);
  });
});
