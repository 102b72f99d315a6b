import { hash } from "node:crypto";

type Field = string | number | bigint | Uint8Array;

const encodeField = (field: Field): Uint8Array =>
  field instanceof Uint8Array ? field : Buffer.from(field.toString());

const LENGTH_BYTES = 4;

/**
 * The bytes a signature is made over: a context, so that a signature for one kind of message is none for
 * another, then every field behind its length, so that no two lists of fields have the same bytes.
 */
export function signingBytes(context: string, fields: readonly Field[]): Buffer {
  const parts = [context, ...fields].map(encodeField);
  const size = parts.reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0);
  const signed = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const part of parts) {
    offset = signed.writeUInt32BE(part.length, offset);
    signed.set(part, offset);
    offset += part.length;
  }
  return signed;
}

export const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");
