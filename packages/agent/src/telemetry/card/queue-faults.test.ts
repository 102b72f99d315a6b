import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PortQueue } from "@switchyard/host";
import { countFaults, mayBeStuck } from "./queue-faults.ts";

const queue = (number: number, change: Partial<PortQueue> = {}): PortQueue => ({
  ...{ number, state: "ready", isStopped: false, hasCompletionError: false },
  ...{ consumerCounter: 10, producerCounter: 10 },
  ...change,
});
const full: Partial<PortQueue> = { isStopped: true, producerCounter: 1_034 };

describe("countFaults", () => {
  it("counts each queue once, by what is worst", () => {
    const counts = countFaults(
      [
        queue(1),
        queue(2, { state: "error", hasCompletionError: true }),
        queue(3, { hasCompletionError: true }),
        queue(4, { state: "error" }),
      ],
      undefined,
    );
    assert.deepEqual(Object.fromEntries(counts), { error: 2, completion: 1 });
  });

  it("calls a queue stuck that is full and did not move between two looks", () => {
    assert.equal(countFaults([queue(1, full)], [queue(1, full)]).get("stuck"), 1);
  });

  it("calls no queue stuck that moved, is empty, was opened anew, or was seen once", () => {
    const moved = queue(1, { ...full, consumerCounter: 11 });
    assert.equal(countFaults([moved], [queue(1, full)]).size, 0);
    const empty = queue(1, { isStopped: true });
    assert.equal(countFaults([empty], [empty]).size, 0);
    assert.equal(countFaults([queue(2, full)], [queue(1, full)]).size, 0);
    assert.equal(countFaults([queue(1, full)], undefined).size, 0);
  });
});

describe("mayBeStuck", () => {
  it("asks for a second look at a full queue only", () => {
    assert.deepEqual([queue(1), queue(1, full)].map(mayBeStuck), [false, true]);
  });
});
