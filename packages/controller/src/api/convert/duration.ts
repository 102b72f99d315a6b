/** A span of milliseconds as google.protobuf.Duration. */
export const toProtoDuration = (ms: number) => ({
  seconds: BigInt(Math.trunc(ms / 1000)),
  nanos: Math.round((ms % 1000) * 1e6),
});
