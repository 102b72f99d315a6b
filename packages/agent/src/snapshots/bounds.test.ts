import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Host } from "@switchyard/host";
import { createSimHost } from "@switchyard/hostsim";
import { parseHostId, parseJobId, SNAPSHOT_LIMITS, type Step } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { linesSince } from "./kernel-lines.ts";
import { createSnapshotRecorder } from "./recorder.ts";
import { readSeries } from "./series-folder.ts";

const JOB = parseJobId("01a206e0-fb51-7719-ab57-11400aa56dc5");
const STEP = { id: "01-ensureBridge", kind: "ensureBridge" } as Step;

describe("linesSince", () => {
  it("gives the last lines of a log that nobody looked at yet", () => {
    const log = Array.from({ length: 500 }, (_, at) => `line ${at}`);
    const { kernelLog, kernelLogDropped } = linesSince(log, undefined, "b");
    assert.equal(kernelLog.length, SNAPSHOT_LIMITS.firstKernelLogMax);
    assert.deepEqual([kernelLog.at(-1), kernelLogDropped], ["line 499", 0]);
  });

  it("gives what came since, and all there is where the ring has forgotten the line", () => {
    const cursor = { bootId: "b", line: "two" };
    assert.deepEqual(linesSince(["one", "two", "three"], cursor, "b").kernelLog, ["three"]);
    assert.deepEqual(linesSince(["five", "six"], cursor, "b").kernelLog, ["five", "six"]);
    assert.deepEqual(linesSince(["two"], cursor, "another boot").kernelLog, ["two"]);
  });

  it("counts what it does not keep", () => {
    const log = Array.from({ length: 300 }, (_, at) => `${at} ${"x".repeat(1_000)}`);
    const { kernelLog, kernelLogDropped } = linesSince(log, { bootId: "b", line: undefined }, "b");
    assert.equal(kernelLog.length + kernelLogDropped, 300);
    assert.ok(kernelLog.every(({ length }) => length <= SNAPSHOT_LIMITS.lineCharactersMax));
  });
});

describe("the bounds of a job's snapshots", () => {
  it("put off those after steps where snapshots take more than their share of the time", async () => {
    const clock = new ManualClock();
    const host = createSimHost({ name: "r740-01", clock });
    const slowly: Host["run"] = async (command) => {
      await clock.advance(400);
      return host.run(command);
    };
    const slow = new Proxy<Host>(host, {
      get: (target, key) => {
        const member = Reflect.get(target, key, target);
        if (key === "run") return slowly;
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const recorder = createSnapshotRecorder({
      ...{ host: slow, clock, log: silentLogger, job: JOB, bootId: "b" },
    });
    await recorder.begin();
    for (let number = 1; number <= 10; number += 1) {
      await recorder.afterStep(STEP, { number, hasChanged: true });
    }
    await recorder.end(false);
    const series = await readSeries(host, { host: parseHostId("r740-01"), job: JOB });
    assert.ok(series !== undefined && series.missing.length > 0);
    assert.match(series.missing[0]?.why ?? "", /share of the job's time/);
    assert.deepEqual(
      [series.records[0]?.point, series.records.at(-1)?.point],
      ["start", "end"],
      "these are taken whatever it costs",
    );
  });

  it("keep the end of a job that has more steps than are kept", async () => {
    const host = createSimHost({ name: "r740-01" });
    const parts = { host, clock: new ManualClock(), log: silentLogger, job: JOB, bootId: "b" };
    const recorder = createSnapshotRecorder(parts);
    await recorder.begin();
    for (let number = 1; number <= SNAPSHOT_LIMITS.recordsMax + 300; number += 1) {
      await recorder.afterStep(STEP, { number, hasChanged: false });
    }
    await recorder.failed(STEP.id);
    await recorder.end(false);
    const series = await readSeries(host, { host: parseHostId("r740-01"), job: JOB });
    assert.ok(series !== undefined);
    assert.deepEqual(
      series.records.slice(-2).map(({ point }) => point),
      ["failed", "end"],
    );
    assert.ok(series.records.length <= SNAPSHOT_LIMITS.recordsMax + 2);
    assert.equal(series.missing.length, SNAPSHOT_LIMITS.missingMax);
  });
});
