import type { Random } from "../random.ts";
import type { TraceContext } from "./trace-context.ts";

/** What is known of a span; short texts and numbers. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Which side of a call or of a message a span is. */
export type SpanKind = "internal" | "client" | "server" | "producer" | "consumer";

export interface SpanOptions {
  /** Undefined: it begins a trace. */
  readonly parent?: TraceContext | undefined;
  readonly kind?: SpanKind;
  readonly attributes?: SpanAttributes;
  /** Wall clock; now unless told. */
  readonly startMs?: number;
}

/** Work that is under way. What is told after `end` does not count. */
export interface Span {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** It did not succeed. `reason` is the error's own, such as `HOST_UNREACHABLE`. */
  fail(reason: string, message: string): void;
  end(): void;
}

/** Makes spans; none of its methods throws or waits. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** Sends what has not been sent, for some seconds at most. May run twice. */
  stop(): Promise<void>;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/**
 * Sends nothing. What has a parent keeps its parent's context, so that whoever comes next and does send stays
 * in the trace; what has none gets a trace id all the same, by which log lines and jobs are found.
 */
export function createPassiveTracer(random: Random): Tracer {
  return {
    start: (_name, { parent } = {}) => ({
      context: parent ?? {
        traceId: random.hex(TRACE_ID_BYTES),
        spanId: random.hex(SPAN_ID_BYTES),
        isSampled: false,
      },
      set: () => undefined,
      fail: () => undefined,
      end: () => undefined,
    }),
    stop: async () => undefined,
  };
}
