export { type BackoffPolicy, backoffMs } from "./backoff.ts";
export { type Certificate, type CertificateOptions, createCertificate } from "./certificate.ts";
export { type Clock, ManualClock, systemClock } from "./clock.ts";
export {
  type ConfigSource,
  type ConfigValues,
  type Environment,
  readConfigValues,
} from "./config-values.ts";
export { describeError } from "./describe-error.ts";
export {
  type HttpAnswer,
  type HttpListener,
  type HttpListenerOptions,
  startHttpListener,
} from "./http/http-listener.ts";
export { type Service, startLoop, stopAll } from "./lifecycle.ts";
export {
  createLogger,
  type LevelledLogger,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  silentLogger,
} from "./log.ts";
export { followLogLevel } from "./log-level.ts";
export { createMetrics } from "./metrics/create-metrics.ts";
export { type EventLoopLag, measureEventLoopLag } from "./metrics/event-loop-lag.ts";
export { EXPOSITION_CONTENT_TYPE } from "./metrics/exposition.ts";
export {
  type Counter,
  type Histogram,
  type MetricFamily,
  type MetricLabels,
  type MetricPoint,
  type MetricSource,
  type MetricSpec,
  type Metrics,
  noMetrics,
  SECONDS_BUCKETS,
} from "./metrics/metrics.ts";
export { addProcessMetrics } from "./metrics/process-metrics.ts";
export { type HostSample, sampleFamilies } from "./metrics/sample-families.ts";
export { newUuid, type Random, seededRandom, systemRandom } from "./random.ts";
export { Semaphore } from "./semaphore.ts";
export { notifyReady } from "./service-manager.ts";
export { createTracer, type TracerOptions, tracesEndpoint } from "./tracing/create-tracer.ts";
export {
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from "./tracing/trace-context.ts";
export {
  createPassiveTracer,
  type Span,
  type SpanAttributes,
  type SpanKind,
  type SpanOptions,
  type Tracer,
} from "./tracing/tracer.ts";
export { nextTurn } from "./turn.ts";
