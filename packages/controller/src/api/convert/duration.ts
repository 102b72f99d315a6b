/** A span of milliseconds as google.protobuf.Duration. */
export const toProtoDuration = (ms: number) => ({
  seconds: BigInt(Math.trunc(ms / 1000)),
  nanos: Math.round((ms % 1000) * 1e6),
});

/** Whole milliseconds, less than one cut off. */
export const fromProtoDuration = (span: {
  readonly seconds: bigint;
  readonly nanos: number;
}): number => Number(span.seconds * 1_000n) + Math.floor(span.nanos / 1_000_000);
