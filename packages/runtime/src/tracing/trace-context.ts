/** Which trace something belongs to, and below which span. */
export interface TraceContext {
  /** 32 hex digits, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, not all zero. */
  readonly spanId: string;
  /** Whether whoever began the trace wants it exported. */
  readonly isSampled: boolean;
}

/** Longest text taken for one; what is longer is no `traceparent`. */
const TEXT_LENGTH_MAX = 55;
const TRACEPARENT = /^00-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})$/;
const ZEROS = /^0+$/;
const SAMPLED = 1;

/**
 * `00-TRACE-SPAN-FLAGS`.
 *
 * @see W3C Trace Context, level 1, section 3.2
 */
export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

/** Undefined for a text that is none: a caller's mistake costs it its trace, not its call. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== "string" || text.length > TEXT_LENGTH_MAX) return undefined;
  const { trace, span, flags } = TRACEPARENT.exec(text)?.groups ?? {};
  if (trace === undefined || span === undefined || flags === undefined) return undefined;
  if (ZEROS.test(trace) || ZEROS.test(span)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) !== 0;
  return { traceId: trace, spanId: span, isSampled };
}
