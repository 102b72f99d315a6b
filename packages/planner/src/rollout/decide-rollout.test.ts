import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, type RolloutHostState, type RolloutStrategy } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { decideRollout } from "./decide-rollout.ts";
import { isInWindow, type RolloutHostView, type RolloutView } from "./rollout-view.ts";

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
