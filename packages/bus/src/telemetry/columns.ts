import { OctetReader, OctetWriter } from "./octets.ts";

/** Samples in columns of equal length: numbers of their series, times and values. */
export interface SampleColumns {
  readonly series: Int32Array;
  /** Whole milliseconds since the epoch. */
  readonly atMs: Float64Array;
  readonly value: Float64Array;
}

/*
 * On the wire: count of samples, then one run per series, ascending by its number. A run is: what the number is above
 * the one before; count; form of the values; times; values. Times and values are differences to those before them, of
 * a run's first sample to the first time of the run before and to the value 0.
 */

/** Forms of values: whole numbers after scaling; µs, µJ and hundredths become that. */
const SCALES = [1, 1e3, 1e6] as const;
/** The form of all others: the bits of the double that differ from the value before. */
const BITS = SCALES.length;
/** Differences of two numbers of this size are exact in zigzag form. */
const SCALED_MAX = 2 ** 50;

interface Run {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

function isExact(value: number, scale: number): boolean {
  const scaled = Math.round(value * scale);
  return Math.abs(scaled) <= SCALED_MAX && scaled / scale === value && !Object.is(value, -0);
}

function formOf({ value }: SampleColumns, { from, to }: Run): number {
  const run = value.subarray(from, to);
  const form = SCALES.findIndex((scale) => run.every((each) => isExact(each, scale)));
  return form === -1 ? BITS : form;
}

function writeValues(writer: OctetWriter, columns: SampleColumns, run: Run, form: number): void {
  const scale = SCALES[form];
  if (scale === undefined) {
    writeBits(writer, columns.value.slice(run.from, run.to));
    return;
  }
  let before = 0;
  for (let at = run.from; at < run.to; at += 1) {
    const scaled = Math.round(columns.value[at]! * scale); // within the columns
    writer.zigzag(scaled - before);
    before = scaled;
  }
}

function writeBits(writer: OctetWriter, values: Float64Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  for (const [at, word] of words.entries()) writer.uint32((word ^ (words[at - 2] ?? 0)) >>> 0);
}

function readValues(
  reader: OctetReader,
  value: Float64Array,
  run: Run & { readonly form: number },
): void {
  const scale = SCALES[run.form];
  if (scale === undefined) {
    readBits(reader, value, run);
    return;
  }
  let scaled = 0;
  for (let at = run.from; at < run.to; at += 1) {
    scaled += reader.zigzag();
    value[at] = scaled / scale;
  }
}

function readBits(reader: OctetReader, value: Float64Array, { from, to }: Run): void {
  const words = new Uint32Array(2 * (to - from));
  for (let at = 0; at < words.length; at += 1) {
    words[at] = (reader.uint32() ^ (words[at - 2] ?? 0)) >>> 0;
  }
  value.set(new Float64Array(words.buffer), from);
}

/** Ascending by series, then by time. */
function sorted({ series, atMs, value }: SampleColumns): SampleColumns {
  const order = Uint32Array.from(series.keys()).sort(
    (left, right) => series[left]! - series[right]! || atMs[left]! - atMs[right]!, // indexes of both
  );
  return {
    series: Int32Array.from(order, (at) => series[at]!),
    atMs: Float64Array.from(order, (at) => Math.round(atMs[at]!)),
    value: Float64Array.from(order, (at) => value[at]!),
  };
}

export function encodeColumns(samples: SampleColumns): Uint8Array {
  const columns = sorted(samples);
  const { series, atMs } = columns;
  const writer = new OctetWriter();
  writer.varint(series.length);
  let seriesBefore = 0;
  let firstMs = 0;
  for (let from = 0; from < series.length; ) {
    const own = series[from]!; // within the columns, as all below
    let to = from;
    while (to < series.length && series[to] === own) to += 1;
    const form = formOf(columns, { from, to });
    writer.varint(own - seriesBefore);
    writer.varint(to - from);
    writer.varint(form);
    let beforeMs = firstMs;
    for (let at = from; at < to; at += 1) {
      writer.zigzag(atMs[at]! - beforeMs);
      beforeMs = atMs[at]!;
    }
    writeValues(writer, columns, { from, to }, form);
    seriesBefore = own;
    firstMs = atMs[from]!;
    from = to;
  }
  return writer.finish();
}

/**
 * Ascending by series, then by time.
 *
 * @throws RangeError where the bytes are no columns, or hold more than `countMax` samples
 */
export function decodeColumns(bytes: Uint8Array, countMax: number): SampleColumns {
  const reader = new OctetReader(bytes);
  const count = reader.varint();
  if (count > countMax) throw new RangeError(`${count} samples; at most ${countMax}`);
  const columns = {
    series: new Int32Array(count),
    atMs: new Float64Array(count),
    value: new Float64Array(count),
  };
  let own = 0;
  let firstMs = 0;
  for (let from = 0; from < count; ) {
    own += reader.varint();
    const to = from + reader.varint();
    const form = reader.varint();
    if (to <= from || to > count || form > BITS || own > 0x7fffffff)
      throw new RangeError("a run is wrong");
    columns.series.fill(own, from, to);
    let atMs = firstMs;
    for (let at = from; at < to; at += 1) {
      atMs += reader.zigzag();
      columns.atMs[at] = atMs;
    }
    readValues(reader, columns.value, { from, to, form });
    firstMs = columns.atMs[from]!; // the run has one sample at least
    from = to;
  }
  if (!reader.isAtEnd) throw new RangeError("bytes follow the last run");
  return columns;
}
