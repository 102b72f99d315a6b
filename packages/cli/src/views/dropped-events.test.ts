import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JobEvent } from "@switchyard/client";
import { createStyle } from "../output/style.ts";
import { formatEvent } from "./job-event.ts";

const style = createStyle({ isColored: false, isUnicode: false });

describe("events that the agent dropped", () => {
  for (const [firstSeq, text] of [
    [3n, "! events 3 to 8 were dropped by the agent"],
    [8n, "! event 8 was dropped by the agent"],
  ] as const) {
    it(`leave a line where they would be: ${text}`, () => {
      const event = JobEvent.fromPartial({
        seq: 8n,
        body: { $case: "eventsDropped", value: { firstSeq } },
      });
      const line = formatEvent(event, { style, isVerbose: false }) ?? "";
      assert.ok(line.endsWith(text), line);
    });
  }
});
