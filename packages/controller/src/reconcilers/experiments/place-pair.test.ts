import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PlanningError } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import type { ExperimentRecord } from "@switchyard/store";
import { type PairParts, placePair } from "./place-pair.ts";

const EXPERIMENT = {
  ...{ id: "vdpa-or-vf", state: "starting", modeOrder: ["sriov"], modeIndex: 0, traceparent: "" },
  spec: {
    ...{ hosts: ["a", "b"], network: "lan", image: "small" },
    vm: { vcpuCount: 1, memoryBytes: 1, queuePairs: 1 },
  },
} as unknown as ExperimentRecord;

interface Known {
  readonly observedAtMs?: number;
  readonly jobEndedAtMs?: number;
  readonly isUnderWay?: boolean;
}

/** Two hosts, and a placer that refuses where it is told to. */
function partsOf(hosts: Readonly<Record<string, Known>>, refusal?: PlanningError) {
  const placed: string[] = [];
  const states: string[] = [];
  const parts = {
    ...{ clock: new ManualClock(1_000), holder: "me" },
    placer: {
      place: async ({ drafts }: { readonly drafts: readonly { readonly id: string }[] }) => {
        placed.push(...drafts.map(({ id }) => id));
        if (refusal !== undefined) throw refusal;
      },
    },
    store: {
      reads: {
        jobs: {
          readHostChange: async (host: string) => ({
            isUnderWay: hosts[host]?.isUnderWay ?? false,
            lastAtMs: hosts[host]?.jobEndedAtMs,
          }),
        },
        hosts: { findObservedAtMs: async (host: string) => hosts[host]?.observedAtMs },
      },
      transaction: async (_: unknown, work: (tx: unknown) => Promise<unknown>) =>
        work({
          experiments: {
            lockHeld: async () => EXPERIMENT,
            setState: async ({ state }: { readonly state: string }) => states.push(state),
          },
        }),
    },
  } as unknown as PairParts;
  return { parts, placed, states };
}

const SEEN: Known = { jobEndedAtMs: 100, observedAtMs: 100 };

describe("placePair", () => {
  it("places a VM on each host that was looked at since its mode was changed", async () => {
    const { parts, placed, states } = partsOf({ a: SEEN, b: { observedAtMs: 5 } });
    await placePair(parts, EXPERIMENT);
    assert.deepEqual(placed, ["vdpa-or-vf-1", "vdpa-or-vf-2"]);
    assert.deepEqual(states, []);
  });

  for (const [what, known] of [
    ["was not looked at since", { jobEndedAtMs: 100, observedAtMs: 99 }],
    ["was never looked at", { jobEndedAtMs: 100 }],
    ["has a job at work", { ...SEEN, isUnderWay: true }],
  ] as const) {
    it(`waits where a host ${what}, and ends nothing`, async () => {
      const { parts, placed, states } = partsOf({ a: SEEN, b: known });
      await placePair(parts, EXPERIMENT);
      assert.deepEqual([placed, states], [[], []]);
    });
  }

  it("has the hosts brought back where there is no room on what was seen", async () => {
    const refusal = new PlanningError("NO_CAPACITY", "no host can take it", {});
    const { parts, states } = partsOf({ a: SEEN, b: SEEN }, refusal);
    await placePair(parts, EXPERIMENT);
    assert.deepEqual(states, ["restoring"]);
  });
});
