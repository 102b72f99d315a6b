import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS, checkEntry, isCheckId } from "../../diagnosis/checks.ts";
import { DECISION_ORDERS } from "../../diagnosis/decision-orders.ts";
import { SYMPTOMS } from "../../diagnosis/symptoms.ts";
import { REASONS, type Reason } from "../reasons/reasons.ts";
import { explanationOf } from "./explanations.ts";

const REASON_NAMES = Object.keys(REASONS) as Reason[];

describe("explanationOf", () => {
  it("has causes for every reason", () => {
    for (const reason of REASON_NAMES) {
      const { causes } = explanationOf(reason);
      assert.ok(
        causes.every((cause) => cause.length > 5),
        reason,
      );
      assert.ok(
        REASONS[reason].summary.endsWith("."),
        `${reason}: a sentence ends with a full stop`,
      );
    }
  });
});

describe("CHECKS", () => {
  it("has title, causes and fix for every check", () => {
    for (const id of Object.keys(CHECKS)) {
      assert.ok(isCheckId(id));
      const { title, causes, fix } = checkEntry(id);
      assert.ok(title.length > 10 && !title.endsWith("."), `${id}: ${title}`);
      assert.ok(causes.length > 0 && causes.every((cause) => cause.length > 5), id);
      assert.ok(fix.length > 5, id);
    }
  });

  it("has ids of the catalogue or ones that say what they are about", () => {
    for (const id of Object.keys(CHECKS)) assert.match(id, /^([A-H]\d\d|[A-Z]+(-[A-Z]+)+)$/);
  });
});

describe("DECISION_ORDERS", () => {
  it("asks no check twice", () => {
    for (const { steps } of Object.values(DECISION_ORDERS)) {
      const checks = steps.flatMap((step): readonly string[] => step.checks);
      assert.equal(new Set(checks).size, checks.length);
    }
  });
});

describe("SYMPTOMS", () => {
  it("has cause and fix for every entry, and patterns that remember nothing", () => {
    for (const [id, { cause, fix, pattern }] of Object.entries(SYMPTOMS)) {
      assert.ok(cause.length > 10 && fix.length > 4, id);
      assert.ok(!pattern.global, `${id}: a global pattern remembers where it stopped`);
    }
  });
});
