import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Job, parseHostId, parseJobId, type Step } from "@switchyard/model";
import {
  createMetrics,
  ManualClock,
  type SpanAttributes,
  type SpanOptions,
  silentLogger,
  type TraceContext,
  type Tracer,
} from "@switchyard/runtime";
import { lintExposition, parseExposition } from "@switchyard/testkit";
import { createJobObserver } from "./job-observer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const JOB: Job = {
  id: parseJobId("01890000-0000-7000-8000-000000000001"),
  host: parseHostId("r740-01"),
  spec: { kind: "noop" },
  epoch: 1,
  traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
};
const STEP = { id: "01", kind: "ensureBridge", title: "Make cxbr0" } as unknown as Step;
const COMMAND = {
  argv: ["/usr/bin/ovs-vsctl", "add-br", "cxbr0"],
  exitCode: 0,
  durationMs: 20,
  outputDigest: "",
  stderrTail: "",
};

interface Told {
  readonly name: string;
  readonly context: TraceContext;
  readonly parentId: string | undefined;
  readonly attributes: SpanAttributes;
  failure: string | undefined;
  isOver: boolean;
}

function memoryTracer() {
  const spans: Told[] = [];
  const start = (name: string, { parent, attributes = {} }: SpanOptions = {}) => {
    const spanId = String(spans.length + 1).padStart(16, "0");
    const context = { traceId: parent?.traceId ?? "", spanId, isSampled: true };
    const told: Told = {
      ...{ name, context, attributes, parentId: parent?.spanId },
      ...{ failure: undefined, isOver: false },
    };
    spans.push(told);
    return {
      context,
      set: () => undefined,
      fail: (reason: string) => {
        told.failure = reason;
      },
      end: () => {
        told.isOver = true;
      },
    };
  };
  const tracer: Tracer = { start, stop: async () => undefined };
  return { tracer, spans };
}

function setUp() {
  const metrics = createMetrics({ log: silentLogger });
  const { tracer, spans } = memoryTracer();
  const clock = new ManualClock(1_700_000_000_000);
  return { metrics, spans, clock, observe: createJobObserver({ metrics, tracer, clock }) };
}

describe("createJobObserver", () => {
  it("puts job, step and command below each other in the trace that asked for the job", async () => {
    const { observe, spans } = setUp();
    const job = observe(JOB);
    await job.step(STEP, async () => {
      assert.equal(job.spanOf("01"), spans[1]?.context.spanId);
      job.command("01", COMMAND);
      return "changed";
    });
    job.ended("succeeded", undefined);
    assert.deepEqual(
      spans.map(({ name, parentId }) => [name, parentId]),
      [
        ["job noop", "00f067aa0ba902b7"],
        ["ensureBridge", spans[0]?.context.spanId],
        ["ovs-vsctl", spans[1]?.context.spanId],
      ],
    );
    assert.ok(spans.every(({ context, isOver }) => context.traceId === TRACE && isOver));
    assert.equal(spans[2]?.attributes["process.command_args"], COMMAND.argv.join(" "));
    assert.equal(job.spanOf("01"), undefined);
  });

  it("marks what failed, and ends every span", async () => {
    const { observe, spans } = setUp();
    const job = observe(JOB);
    const error = Object.assign(new Error("no such bridge"), { reason: "DEVICE_ABSENT" });
    await assert.rejects(job.step(STEP, () => Promise.reject(error)));
    await job.undo(STEP, async () => "it is busy");
    job.left();
    assert.deepEqual(
      spans.map(({ name, failure, isOver }) => [name, failure, isOver]),
      [
        ["job noop", undefined, true],
        ["ensureBridge", "DEVICE_ABSENT", true],
        ["undo ensureBridge", "UNDO_FAILED", true],
      ],
    );
  });

  it("counts jobs, steps and programs by what came of them, with few labels", async () => {
    const { observe, metrics, clock } = setUp();
    const job = observe(JOB);
    await job.step(STEP, async () => {
      await clock.advance(250);
      job.command("01", { ...COMMAND, exitCode: 1 });
      return "changed";
    });
    await job.step(STEP, async () => "done-before");
    job.ended("failed", undefined);
    job.left();
    const text = await metrics.expose();
    assert.deepEqual(lintExposition(text), []);
    const counted = parseExposition(text)
      .flatMap(({ series }) => series)
      .filter(({ name, value }) => name.endsWith("_count") && value > 0)
      .map(({ name, labels, value }) => [name, Object.values(labels).join(" "), value]);
    assert.deepEqual(counted, [
      ["switchyard_agent_job_duration_seconds_count", "noop failed", 1],
      ["switchyard_agent_step_duration_seconds_count", "ensureBridge changed", 1],
      ["switchyard_agent_command_duration_seconds_count", "ovs-vsctl failed", 1],
    ]);
  });

  it("tells only so many programs apart", async () => {
    const { observe, metrics } = setUp();
    const job = observe(JOB);
    for (let index = 0; index < 150; index += 1) {
      job.command("01", { ...COMMAND, argv: [`/tmp/program-${index}`] });
    }
    const programs = parseExposition(await metrics.expose())
      .flatMap(({ series }) => series)
      .flatMap(({ labels }) => labels["program"] ?? []);
    assert.equal(new Set(programs).size, 101);
  });
});
