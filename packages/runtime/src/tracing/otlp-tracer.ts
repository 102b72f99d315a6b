import {
  SpanKind as OtelKind,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Clock } from "../clock.ts";
import type { Environment } from "../config-values.ts";
import type { Logger } from "../log.ts";
import type { TracerOptions } from "./create-tracer.ts";
import type { TraceContext } from "./trace-context.ts";
import type { SpanKind, Tracer } from "./tracer.ts";

/** Bounds of what waits for the collector; beyond them spans are dropped, never work delayed. */
const QUEUE_MAX = 4_096;
const BATCH_MAX = 512;
const SEND_INTERVAL_MS = 1_000;
const SEND_TIMEOUT_MS = 5_000;
/** Longest attribute; command lines are cut. */
const ATTRIBUTE_LENGTH_MAX = 2_048;
/** A collector that is away is in the log this often. */
const COMPLAINT_INTERVAL_MS = 60_000;
/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const EXPORTED = 0;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  client: OtelKind.CLIENT,
  server: OtelKind.SERVER,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

/** The share of traces begun here that is sent; all of them unless a ratio sampler is asked for. */
function ratioOf(environment: Environment): number {
  const sampler = environment["OTEL_TRACES_SAMPLER"] ?? "";
  if (sampler.endsWith("always_off")) return 0;
  const ratio = Number(environment["OTEL_TRACES_SAMPLER_ARG"] ?? "1");
  return sampler.endsWith("traceidratio") && ratio >= 0 && ratio <= 1 ? ratio : 1;
}

/** An exporter whose failures are in the log, once a minute at most. */
function complaining(
  exporter: SpanExporter,
  {
    endpoint,
    log,
    clock,
  }: { readonly endpoint: string; readonly log: Logger; readonly clock: Clock },
): SpanExporter {
  let complainedMs = Number.NEGATIVE_INFINITY;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const nowMs = clock.monotonicMs();
        if (result.code !== EXPORTED && nowMs - complainedMs >= COMPLAINT_INTERVAL_MS) {
          complainedMs = nowMs;
          log.warn({ err: result.error, endpoint, count: spans.length }, "spans were not taken");
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

const contextBelow = (parent: TraceContext | undefined) =>
  parent === undefined
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, {
        traceId: parent.traceId,
        spanId: parent.spanId,
        traceFlags: parent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
        isRemote: true,
      });

/** A timer that is left over would keep the process up. */
async function shutDown(provider: TracerProvider, timeoutMs: number, clock: Clock): Promise<void> {
  const isDone = new AbortController();
  const done = provider
    .shutdown()
    .catch(() => undefined)
    .finally(() => isDone.abort());
  await Promise.race([done, clock.sleep(timeoutMs, isDone.signal)]);
}

/** A tracer that sends to an OTLP/HTTP collector. The only place that knows OpenTelemetry's SDK. */
export function createOtlpTracer(options: TracerOptions, endpoint: string): Tracer {
  const { service, version, environment, clock, log } = options;
  const timeoutMs = options.stopTimeoutMs ?? SEND_TIMEOUT_MS;
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: timeoutMs });
  const processor = new BatchSpanProcessor({
    exporter: complaining(exporter, { endpoint, log, clock }),
    maxQueueSize: QUEUE_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: SEND_INTERVAL_MS,
    exportTimeoutMillis: timeoutMs,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": environment["OTEL_SERVICE_NAME"] || service,
      "service.version": version,
      ...options.attributes,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratioOf(environment)) }),
    spanLimits: { attributeValueLengthLimit: ATTRIBUTE_LENGTH_MAX },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("switchyard", version);
  let stopping: Promise<void> | undefined;
  return {
    start: (name, { parent, kind = "internal", attributes = {}, startMs } = {}) => {
      const span = tracer.startSpan(
        name,
        { kind: KINDS[kind], attributes: { ...attributes }, startTime: startMs ?? clock.nowMs() },
        contextBelow(parent),
      );
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        context: { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
        set: (more) => void span.setAttributes({ ...more }),
        fail: (reason, message) => {
          span.setAttribute("error.type", reason);
          span.setStatus({ code: SpanStatusCode.ERROR, message });
        },
        end: () => span.end(clock.nowMs()),
      };
    },
    stop: () => {
      stopping ??= shutDown(provider, timeoutMs, clock);
      return stopping;
    },
  };
}
