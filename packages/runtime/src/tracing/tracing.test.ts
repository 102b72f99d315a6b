import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../random.ts";
import { tracesEndpoint } from "./create-tracer.ts";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";
import { createPassiveTracer } from "./tracer.ts";

const TEXT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("parseTraceparent", () => {
  it("reads what formatTraceparent writes", () => {
    const context = parseTraceparent(TEXT);
    assert.equal(context?.isSampled, true);
    assert.equal(context && formatTraceparent(context), TEXT);
  });

  it("takes nothing that is no context", () => {
    const wrong = [
      "",
      undefined,
      Buffer.from(TEXT),
      TEXT.replace("00-4", "ff-4"),
      TEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
      TEXT.replace("00f067aa0ba902b7", "0".repeat(16)),
      TEXT.toUpperCase(),
      `${TEXT}-more`,
    ];
    for (const text of wrong) assert.equal(parseTraceparent(text), undefined, String(text));
  });
});

describe("createPassiveTracer", () => {
  const tracer = createPassiveTracer(seededRandom(1));

  it("hands a parent's context on as it is", () => {
    const parent = parseTraceparent(TEXT);
    assert.deepEqual(tracer.start("work", { parent }).context, parent);
  });

  it("gives what begins a trace ids of its own, not to be sampled", () => {
    const [first, second] = [tracer.start("a").context, tracer.start("b").context];
    assert.notEqual(first.traceId, second.traceId);
    assert.equal(first.isSampled, false);
    assert.deepEqual(parseTraceparent(formatTraceparent(first)), first);
  });
});

describe("tracesEndpoint", () => {
  it("is nowhere unless one is set", () => {
    assert.equal(tracesEndpoint({}), undefined);
    assert.equal(tracesEndpoint({ OTEL_EXPORTER_OTLP_ENDPOINT: "" }), undefined);
    const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" };
    assert.equal(tracesEndpoint(base), "http://collector:4318/v1/traces");
    assert.equal(tracesEndpoint({ ...base, OTEL_SDK_DISABLED: "true" }), undefined);
    assert.equal(tracesEndpoint({ ...base, OTEL_TRACES_EXPORTER: "none" }), undefined);
    const own = { ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:1/x" };
    assert.equal(tracesEndpoint(own), "http://traces:1/x");
  });
});
