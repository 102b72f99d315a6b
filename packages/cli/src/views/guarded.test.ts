import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GuardOutcome, JobEvent, Plan } from "@switchyard/client";
import { createStyle } from "../output/style.ts";
import { formatEvent } from "./job-event.ts";
import { planView } from "./plan.ts";

const style = createStyle({ isColored: false, isUnicode: false });
const STEP = { id: "14-ensureBridgeAddress", title: "Give bridge cxbr0 the address 10.20.0.1/24" };

describe("a guarded step", () => {
  it("is marked in the plan, with the reason below it", () => {
    const plan = Plan.fromPartial({
      name: "plans/p1",
      steps: [{ ...STEP, guard: "it comes with a route", isReversible: true }],
    });
    const shown = planView.describe(plan, style);
    assert.match(
      shown,
      /address 10\.20\.0\.1\/24 {2}\[guarded\]\n +guarded: it comes with a route/,
    );
  });

  const outcomes = { CONFIRMED: "confirmed", LOST: "lost", RESTORED: "restored", SILENT: "silent" };
  for (const [key, word] of Object.entries(outcomes)) {
    it(`shows without --verbose that it was ${word}`, () => {
      const outcome = GuardOutcome[key as keyof typeof outcomes];
      const value = { step: STEP.id, outcome, detail: "what was seen" };
      const event = JobEvent.fromPartial({ body: { $case: "stepGuarded", value } });
      const line = formatEvent(event, { style, isVerbose: false }) ?? "";
      assert.match(line, new RegExp(`${STEP.id} {2}(x )?${word}: what was seen`));
    });
  }
});
