import type { Clock } from "../clock.ts";
import type { Environment } from "../config-values.ts";
import type { Logger } from "../log.ts";
import type { Random } from "../random.ts";
import { createPassiveTracer, type Tracer } from "./tracer.ts";

export interface TracerOptions {
  /** `switchyard-controller` and so on; `OTEL_SERVICE_NAME` wins. */
  readonly service: string;
  readonly version: string;
  /** Of all spans, such as the host's name. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Where `OTEL_…` variables are read. */
  readonly environment: Environment;
  /** Longest that sending, and `stop`, wait for the collector; 5 s unless told. */
  readonly stopTimeoutMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Where spans go: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `/v1/traces` below `OTEL_EXPORTER_OTLP_ENDPOINT`.
 * Undefined where neither is set, or `OTEL_SDK_DISABLED` or `OTEL_TRACES_EXPORTER=none` say no.
 *
 * @see OpenTelemetry specification, OTLP exporter, endpoint URLs for OTLP/HTTP
 */
export function tracesEndpoint(environment: Environment): string | undefined {
  if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return undefined;
  if (environment["OTEL_TRACES_EXPORTER"] === "none") return undefined;
  const own = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  if (own !== undefined && own !== "") return own;
  const base = environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (base === undefined || base === "") return undefined;
  return `${base.replace(/\/+$/, "")}/v1/traces`;
}

/** The tracer of a process: one that sends by OTLP over HTTP where an endpoint is set, else a passive one. */
export async function createTracer(options: TracerOptions): Promise<Tracer> {
  const endpoint = tracesEndpoint(options.environment);
  if (endpoint === undefined) return createPassiveTracer(options.random);
  // Loaded only here: without an endpoint the SDK costs neither time nor memory.
  const { createOtlpTracer } = await import("./otlp-tracer.ts");
  return createOtlpTracer(options, endpoint);
}
