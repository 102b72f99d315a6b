/** Numbers by index. */
export type Numbers = ArrayLike<number>;

/** Types of elements. @see PostgreSQL's pg_type.dat */
const INT4_OID = 23;
const FLOAT8_OID = 701;
/** One dimension, no nulls, type of the elements, their count, index of the first. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

function open(count: number, oid: number, elementBytes: number): DataView {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + count * (LENGTH_BYTES + elementBytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [at, word] of [1, 0, oid, count, 1].entries()) view.setInt32(at * 4, word);
  return view;
}

const bytesOf = (view: DataView): Buffer =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength);

/**
 * An `integer[]` parameter as array_recv reads it, which costs both sides a fraction of the text.
 *
 * @see PostgreSQL's arrayfuncs.c, array_recv
 */
export function int4Array(values: Numbers): Buffer {
  const view = open(values.length, INT4_OID, 4);
  for (let index = 0, at = HEADER_BYTES; index < values.length; index += 1, at += 8) {
    view.setInt32(at, 4);
    view.setInt32(at + LENGTH_BYTES, values[index]!); // within the numbers
  }
  return bytesOf(view);
}

/** A `double precision[]` parameter. */
export function float8Array(values: Numbers): Buffer {
  const view = open(values.length, FLOAT8_OID, 8);
  for (let index = 0, at = HEADER_BYTES; index < values.length; index += 1, at += 12) {
    view.setInt32(at, 8);
    view.setFloat64(at + LENGTH_BYTES, values[index]!); // within the numbers
  }
  return bytesOf(view);
}
