import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Examination } from "@switchyard/model";
import { decodeAnswer, encodeAnswer } from "./command.ts";
import { decodeExamination, EXAMINATION_BYTES_MAX, encodeExamination } from "./examination.ts";

const EXAMINATION: Examination = {
  observedAtMs: 1_750_000_000_000,
  inventoryAtMs: 1_749_999_999_000,
  kernelMessages: ["[ 1.0] not enough MMIO resources for SR-IOV"],
  functions: [{ pciAddress: "0000:82:00.0", isVf: false, driver: "mlx5_core" }],
  blockedProcesses: [],
  vhostHolders: [],
  netdevs: undefined,
  flows: { offloadedCount: 1, softwareCount: 0, software: [] },
  cards: [
    {
      pf: "0000:82:00.0",
      unhealthy: [{ reporter: "tx", errorCount: 3 }],
      firmware: { syndrome: 0, description: undefined },
      queueDirections: ["transmit"],
      failedQueues: [{ direction: "transmit", fault: "stuck", count: 1 }],
      errorQueues: [{ vf: 1, count: 2 }],
    },
  ],
  learned: [],
  neighbours: [],
  nicFlows: [],
  vms: [],
  agent: { ledgerTrouble: undefined, unfinishedJobCount: 0 },
};

/** JSON leaves undefined members out. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("an examination in an answer", () => {
  it("arrives as it was sent, less what was not known", () => {
    const answer = { isDone: true, reason: undefined, message: "looked", examination: EXAMINATION };
    const decoded = decodeAnswer(encodeAnswer(answer));
    assert.deepEqual(decoded?.examination, asJson(EXAMINATION));
    assert.equal(decoded?.message, "looked");
  });

  it("is not there in answers to other commands", () => {
    const decoded = decodeAnswer(
      encodeAnswer({ isDone: true, reason: undefined, message: "alive" }),
    );
    assert.deepEqual(decoded, { isDone: true, reason: undefined, message: "alive" });
  });

  it("is dropped where it is malformed, a bomb or too large", () => {
    const wrong: readonly unknown[] = [
      [],
      { ...EXAMINATION, observedAtMs: "now" },
      { ...EXAMINATION, netdevs: "eth0" },
      { ...EXAMINATION, nicFlows: 4 },
      { ...EXAMINATION, vms: [{ vm: "web-1" }] },
      { ...EXAMINATION, flows: {} },
      { ...EXAMINATION, cards: [{ pf: "0000:82:00.0" }] },
      { ...EXAMINATION, agent: undefined },
    ];
    for (const value of wrong) {
      const bytes = deflateRawSync(JSON.stringify(value));
      assert.equal(decodeExamination(bytes), undefined, JSON.stringify(value).slice(0, 80));
    }
    assert.equal(decodeExamination(deflateRawSync(Buffer.alloc(64 * 1024 * 1024))), undefined);
    assert.equal(decodeExamination(Buffer.alloc(EXAMINATION_BYTES_MAX + 1)), undefined);
    assert.equal(decodeExamination(Buffer.from("no deflate")), undefined);
  });

  it("is not sent where it would be larger than an answer may be", () => {
    const noise = Array.from({ length: 60_000 }, (_, at) => `${Math.sin(at)} ${Math.cos(at)}`);
    assert.equal(encodeExamination({ ...EXAMINATION, kernelMessages: noise }).length, 0);
  });
});
