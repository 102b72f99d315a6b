import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExaminedCard } from "@switchyard/model";
import { diagnoseHost } from "../diagnose-host.ts";
import { card } from "../testing/changes.ts";
import { healthy } from "../testing/healthy-host.ts";

const queuesOf = (change: Partial<ExaminedCard>) => {
  const [result] = diagnoseHost(card(change)(healthy), new Set(["CARD-QUEUES"]));
  return { status: result?.status, evidence: result?.evidence };
};

describe("CARD-QUEUES", () => {
  it("only warns of queues of a VF, which its guest can bring into error", () => {
    assert.deepEqual(queuesOf({ errorQueues: [{ vf: 3, count: 2 }] }), {
      status: "warn",
      evidence: ["VF 3 of 0000:82:00.0: 2 queues in error"],
    });
  });

  it("fails for the host's own queues, and names those of VFs after them", () => {
    const found = queuesOf({
      failedQueues: [{ direction: "transmit", fault: "stuck", count: 1 }],
      errorQueues: [{ count: 1 }, { vf: 0, count: 1 }],
    });
    assert.deepEqual(found, {
      status: "fail",
      evidence: [
        "PF 0000:82:00.0: 1 transmit queue full and not moving",
        "PF 0000:82:00.0: 1 queue in error",
        "VF 0 of 0000:82:00.0: 1 queue in error",
      ],
    });
  });
});
